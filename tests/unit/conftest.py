"""Unit tests open no socket: one that tries fails with the name of the rule."""

from __future__ import annotations

import socket
from typing import Any, NoReturn

import pytest


class SocketInUnitTest(AssertionError):
    """What needs a connection belongs in tests/integration."""


@pytest.fixture(autouse=True)
def _no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise SocketInUnitTest("a unit test opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)
