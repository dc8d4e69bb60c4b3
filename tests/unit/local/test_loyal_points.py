"""The trial of loyalty points, with an API that answers what it is told to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from halte.marketers import Refused
from local import loyal_points
from services.scoring.domain.loyalty.book import ledger_of
from services.scoring.domain.loyalty.earning import entries_of
from services.scoring.domain.loyalty.entries import milliseconds
from services.scoring.domain.loyalty.programme import Programme, Programmes
from services.shared.contracts.ingest import CustomerEvent

NOW = datetime(1998, 7, 1, tzinfo=UTC)


class Api:
    """Knows the customer from the second time on."""

    def __init__(self, *lines: int) -> None:
        self.lines, self.asked, self.published = lines, 0, dict[str, Any]()

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        if method == "PUT":
            self.published = body
            return {}
        if path.startswith("/loyalty/"):
            return {"balance": loyal_points.LEFT, "entries": [{"points": points} for points in self.lines]}
        self.asked += 1
        if self.asked == 1:
            raise Refused("nobody is known by that")
        return {"profile_id": "prf_1", "traits": {"loyaltyPoints": loyal_points.LEFT}}

    def upload(self, url: str, content: bytes) -> None:
        raise AssertionError(url)


def at_once(what: str, condition: Callable[[], bool]) -> None:
    assert [condition(), condition()] == [False, True], what


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loyal_points, "_LOOK_EVERY", 0)


@pytest.mark.parametrize(("lines", "holds"), [((42, -10), True), ((42,), False)])
def test_the_balance_is_held_against_the_lines(lines: tuple[int, ...], holds: bool) -> None:
    (check,) = loyal_points.checks(loyal_points.hold(Api(*lines), lambda event: None, at_once, NOW))
    assert check.holds is holds


def test_what_is_expected_is_what_the_ledger_makes_of_these_events() -> None:
    api, events = Api(42, -10), list[dict[str, Any]]()
    loyal_points.hold(api, events.append, at_once, NOW)
    told = [
        CustomerEvent(
            message_id=e["messageId"], type="track", name=e["event"], at=NOW, properties=e["properties"]
        )
        for e in events
    ]
    programmes = Programmes([Programme.read(api.published)], 1)
    assert ledger_of(list(entries_of(programmes, told)), milliseconds(NOW)).balance == loyal_points.LEFT
