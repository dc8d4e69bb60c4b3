"""Ingest's world with a wire before AWS that faults can strike."""

from __future__ import annotations

import pytest

from services.shared.aws import parallel, secrets
from tests.faults.road import Inline, Road, start_cold
from tests.faults.wire import Wire, installed
from tests.integration.ingest.conftest import World, world

__all__ = ["world"]


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
