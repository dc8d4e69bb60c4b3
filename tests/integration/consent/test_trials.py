"""What `make run` tries out of consent at its end: what scanners open are the real pages, on the real tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from local import consent_page, scanners, trials, withdrawals
from local.loyal_points import Points
from local.recipients import Contents
from local.scanners import Scan, Visit
from local.town import Town, until
from local.trials import Tried
from local.withdrawals import Withdrawals
from tests.integration.consent.conftest import World
from tests.integration.consent.test_local_page import looked_at
from tests.integration.consent.test_proof import whole_life
from tests.integration.consent.test_scanners import links, served


class Street:
    """A town whose mails are at hand."""

    def __init__(self, world: World, site: str) -> None:
        self._world = world
        self._links = {path: f"{site}{path}?token={token}" for path, token in links(world).items()}
        world.pump()

    def permitting(self, addresses: list[str]) -> dict[str, str]:
        return dict.fromkeys(addresses, "adr")

    def ask_for(self, people: Mapping[str, str], which: str) -> None:
        """It is there."""

    def mails(self, addresses: Mapping[str, str], number: int) -> None:
        """They are there."""

    def recorded(self, address: str) -> Contents:
        if address == scanners.ADDRESS:
            return Contents(confirm_url=self._links["/consents/confirm"])
        centre, leave = self._links["/preferences"], self._links["/consents/unsubscribe"]
        return Contents(preferences_url=centre, unsubscribe_url=leave)

    def sign_up(self, address: str) -> None:
        """They did."""

    def ledger(self) -> list[dict[str, Any]]:
        return [*self._world.items("ledger"), *self._world.items("evidence")]


def test_scanners_open_three_pages_and_the_button_still_counts(world: World) -> None:
    with served(world) as site:
        seen = scanners.hold(cast("Town", Street(world, site)))
    assert {visit.page for visit in seen.visits} == {
        "/consents/confirm",
        "/consents/unsubscribe",
        "/preferences",
    }
    assert {visit.method for visit in seen.visits} == {"GET", "HEAD"}
    assert [check.holds for check in scanners.checks(seen)] == [True, True]


@pytest.mark.parametrize(
    ("seen", "hold"),
    [
        (Scan([Visit("/p", "GET", "a", 200)], 7, False, 8), [False, True]),
        (Scan([Visit("/p", "GET", "a", 500)], 7, True, 8), [False, True]),
        (Scan([Visit("/p", "GET", "a", 200)], 7, True, 7), [True, False]),
    ],
)
def test_a_scanner_that_changed_something_is_told(seen: Scan, hold: list[bool]) -> None:
    assert [check.holds for check in scanners.checks(seen)] == hold


@pytest.mark.parametrize(
    ("seen", "hold"),
    [
        (Withdrawals([0.2] * 99 + [9.0], overlapping=3, late=0), [True, True]),
        (Withdrawals([0.2] * 98 + [9.0] * 2, overlapping=0, late=0), [True, False]),
        (Withdrawals([0.2], overlapping=0, late=1), [False, True]),
    ],
)
def test_late_withdrawals_are_told(seen: Withdrawals, hold: list[bool]) -> None:
    assert [check.holds for check in withdrawals.checks(seen)] == hold


@pytest.mark.parametrize(
    ("rounds", "told"),
    [
        ([Withdrawals([0.2], 1, 0)], Withdrawals([0.2], 1, 0)),
        ([Withdrawals([3.0], 1, 1), Withdrawals([0.2], 0, 0)], Withdrawals([0.2], 0, 1)),
        ([Withdrawals([3.0], 1, 0), Withdrawals([4.0], 0, 0)], Withdrawals([3.0], 1, 0)),
    ],
)
def test_a_disturbed_round_is_held_again_once(
    rounds: list[Withdrawals], told: Withdrawals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a message that left too late is never forgotten."""
    ahead = iter(rounds)
    monkeypatch.setattr(withdrawals, "_round", lambda *_: next(ahead))
    assert withdrawals.hold(cast("Town", None), 1) == told
    assert list(ahead) == []


def test_the_page_has_both_beside_the_history(world: World) -> None:
    whole_life(world)
    scan = Scan([Visit("/consents/confirm", "GET", "<Scanner>", 200)], 7, True, 8)
    tried = Tried(scan, Withdrawals([0.1, 0.2, 0.4], overlapping=1, late=0), Points(32, 32, 32))
    shown = consent_page.consent(looked_at(world), tried)
    assert "is the same, byte for byte" in shown
    assert "&lt;Scanner&gt;" in shown
    assert "median 0.20 s, 99 % within 0.40 s (3 by one click" in shown
    assert trials.facts(tried)[0][1] == tried.withdrawals.summary()
    assert len(trials.checks(tried)) == 5


def test_what_does_not_come_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.town._PATIENCE", 0.0)
    never: Callable[[], bool] = lambda: False  # noqa: E731
    with pytest.raises(TimeoutError, match="not yet: a mail"):
        until("a mail", never)
