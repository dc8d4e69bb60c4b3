"""The model of the engine's protocol: see tests/unit/journeys/protocol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit.journeys.protocol import workers
from tests.unit.journeys.protocol.chaos import run
from tests.unit.journeys.protocol.store import Store, Violation, Walk

STEPS = 60_000


def test_the_invariants_hold_whatever_happens_between_any_two_writes() -> None:
    """F1, F5, F7, F8, F26, F27, F30, F35: a short run; `make model` takes a million steps and more."""
    done = run(STEPS)
    assert done.walks > 900
    assert done.asked > done.walks
    assert done.deaths > 500


def begin_over_whatever_has_ended(store: Store, walk: Walk, last: tuple[str, int] | None) -> bool:
    """Without a look whether it went on as somebody else's."""
    found = store.walks.get(walk.profile)
    if found and found.moved_to:
        store.walks[walk.profile] = replace(found, moved_to="")
    return _BEGIN(store, walk, last)


def ask_whoever_is_listed(store: Store, profile: str, cohort: str, node: str, reason: str = "") -> bool:
    """Without a look at what another profile of theirs was asked for."""
    if walk := store.walk(profile):
        walk.inherited = frozenset()
    return _ASK(store, profile, cohort, node, reason)


def start_nothing(store: Store, base: str) -> Iterator[None]:
    """As if whoever left last would always be alive to start it."""
    yield


_BEGIN, _ASK = Store.begin, Store.ask


@pytest.mark.parametrize(
    ("where", "rule", "broken"),
    [
        (Store, "begin", begin_over_whatever_has_ended),
        (Store, "ask", ask_whoever_is_listed),
        (workers, "_start_all", start_nothing),
    ],
)
def test_without_one_of_its_rules_the_protocol_breaks(
    where: object, rule: str, broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model would notice."""
    monkeypatch.setattr(where, rule, broken)
    with pytest.raises(Violation):
        run(10 * STEPS)
