"""Who is to be addressed: everybody who is in a segment as of now, once, with all that is known of them."""

from __future__ import annotations

from typing import Any

import pytest

from services.scoring.handlers.audience import handler
from services.shared.clock import FixedClock, to_iso
from services.shared.contracts.audience import PARTS, AudienceAnswer, AudienceQuestion
from tests.integration.scoring.conftest import Stream, call, deliver, message, moment, publish
from tests.unit.scoring.builders import change, event, order

PEOPLE = 40
BUYERS = {f"prf_{n}" for n in range(PEOPLE) if n % 2}


@pytest.fixture(autouse=True)
def people(clock: FixedClock, stream: Stream, published: Any) -> None:
    """Forty people of whom every other one bought once."""
    assert (
        call(
            "PUT",
            "/segments/buyers",
            {"condition": {"all": [{"fact": "orders", "gte": 1}, {"fact": "orders", "lt": 2}]}},
        )[0]
        == 200
    )
    moment(clock, "1997-02-01")
    changes = [
        change(
            1, *([order("1997-01-10")] if n % 2 else [event("Visit", "1997-01-05")]), profile_id=f"prf_{n}"
        )
        for n in range(PEOPLE)
    ]
    assert deliver(message("a", *changes)) == []
    publish(stream())


def asked(**question: Any) -> AudienceAnswer:
    answer = handler(AudienceQuestion(**question).model_dump(mode="json"), None)
    return AudienceAnswer.model_validate(answer)


def everybody(limit: int) -> list[str]:
    found: list[str] = []
    for part in range(PARTS):
        after = ""
        while True:
            page = asked(segment="buyers", part=part, after=after, limit=limit)
            found += [one.standing.profile_id for one in page.people]
            if not (after := page.after):
                break
    return found


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_the_parts_together_are_all_members_each_once(limit: int) -> None:
    found = everybody(limit)

    assert len(found) == len(BUYERS)
    assert set(found) == BUYERS


def test_a_member_comes_with_their_standing_and_since_when_they_are_one() -> None:
    (present,) = [
        one
        for part in range(PARTS)
        for one in asked(segment="buyers", part=part).people
        if one.standing.profile_id == "prf_1"
    ]

    assert present.standing.facts["orders"] == 1
    assert present.standing.segments == ["buyers"]
    assert present.since is not None
    assert to_iso(present.since).startswith("1997-01-10")


def test_who_has_left_is_not_there_though_the_list_is_behind(clock: FixedClock) -> None:
    """The list follows the standings' stream, which nobody has read here."""
    assert "prf_1" in everybody(200)
    moment(clock, "1997-02-02")
    assert deliver(message("b", change(2, order("1997-02-01"), profile_id="prf_1"))) == []

    assert "prf_1" in {row["profile_id"] for row in listed()}
    assert set(everybody(200)) == BUYERS - {"prf_1"}


def listed() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = call("GET", "/segments/buyers/members?limit=100")[1]["members"]
    return rows


def test_people_are_found_by_their_ids_as_well() -> None:
    found = asked(profile_ids=["prf_2", "prf_1", "prf_nobody"]).people

    assert [one.standing.profile_id for one in found] == ["prf_1", "prf_2"]


def test_a_segment_that_there_is_not_is_said_to_be_unknown() -> None:
    assert not asked(segment="nobody").known


@pytest.mark.parametrize("question", [{"part": PARTS}, {"limit": 0}, {"profile_ids": ["x"] * 201}])
def test_what_cannot_be_asked_is_refused(question: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="part: 0 to 7"):
        asked(segment="buyers", **question)
