"""Ingest's world with a wire before AWS that faults can strike."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from services.shared.aws import parallel, secrets
from tests.faults.road import Road, start_cold
from tests.faults.wire import Wire, installed
from tests.integration.ingest.conftest import World, world

__all__ = ["world"]


class Inline(Executor):
    """Work that is done at once, in the order in which it is handed over: so that a run is the same each time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # as executors do
            future.set_exception(error)
        return future


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return installed(monkeypatch)


@pytest.fixture
def road(monkeypatch: pytest.MonkeyPatch, wire: Wire, world: World) -> Road:
    """At a clock that stands still, one call after the other."""
    monkeypatch.setenv("CLOCK_FACTORY", "tests.faults.road:clock")
    monkeypatch.setattr(parallel, "_writers", Inline)
    monkeypatch.setattr(secrets, "TTL_SECONDS", 0)
    start_cold()
    return Road(world, wire)
