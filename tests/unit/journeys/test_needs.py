"""What journeys must hear of people follows from their documents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.journeys.domain.document import Document
from services.journeys.domain.entries import DateWay
from services.journeys.domain.listening import date_condition, localised, needs_of, watch_of
from services.shared.conditions import evaluate, parse
from tests.unit.journeys.documents import brief, journey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOLD = {"trait": "plan", "eq": "gold"}
RICH = {"fact": "orders", "gte": 2}
VIP = {"segment": "vip"}


def document(**changes: Any) -> Document:
    return Document.model_validate(journey(brief=brief("email"), **changes))


def branching(when: dict[str, Any]) -> dict[str, Any]:
    nodes = journey()["nodes"]
    nodes["fork"]["branches"] = [{"when": when, "next": "bought"}]
    return nodes


def test_what_a_standing_answers_is_asked_of_nobody() -> None:
    when = {"all": [RICH, {"any": [VIP, {"fact": "walk.city", "eq": "Oslo"}]}]}
    assert needs_of([document(nodes=branching(when))]) == ([], [], [])
    assert localised(when) == when


def test_of_a_branch_only_the_parts_are_watched_that_a_standing_does_not_answer() -> None:
    watches, _, _ = needs_of([document(nodes=branching({"all": [RICH, GOLD]}))])
    assert [(one.name, one.when) for one in watches] == [(watch_of(GOLD), GOLD)]


def test_a_condition_that_lets_in_or_ends_is_watched_whole() -> None:
    both = {"all": [RICH, GOLD]}
    changes = {
        "entry": {"on": [{"becomes": both}]},
        "exit_on": [{"when": RICH, "reason": "rich"}],
        "goal": {"when": VIP},
    }
    watches, _, _ = needs_of([document(**changes)])
    # A segment of marketers is told of anyway.
    assert sorted(one.name for one in watches) == sorted([watch_of(both), watch_of(RICH)])


def test_versions_and_journeys_that_ask_the_same_share_one_name() -> None:
    ways = [{"becomes": GOLD}, {"event": "Product Added", "key": "cart_id", "keep": ["b", "a"]}]
    one = document(entry={"on": ways})
    again = document(name="other", entry={"on": [dict(reversed(list(way.items()))) for way in ways]})
    watches, listeners, _ = needs_of([one, again])
    assert [row.when for row in watches] == [GOLD]
    assert [(row.event, row.key, row.keep) for row in listeners] == [("Product Added", "cart_id", ["a", "b"])]


@pytest.mark.parametrize(
    ("way", "at", "holds"),
    [
        ({"date": "trait:due", "before": "P7D"}, "2026-03-06T00:00:00Z", True),
        ({"date": "trait:due", "before": "P7D"}, "2026-03-20T00:00:00Z", False),
        ({"date": "trait:due", "after": "PT36H"}, "2026-02-27T12:00:00Z", True),
        ({"date": "trait:due", "after": "PT36H"}, "2026-02-28T12:00:00Z", False),
        ({"date": "trait:due"}, "2026-03-01T11:59:00Z", True),
        ({"date": "trait:due"}, "2026-03-01T12:01:00Z", False),
        ({"date": "trait:due", "anniversary": True}, "1980-03-01", True),
        ({"date": "trait:due", "anniversary": True}, "1980-03-02", False),
        ({"date": "trait:due", "anniversary": True, "before": "P3D"}, "1980-03-03", True),
    ],
)
def test_a_date_is_a_condition_that_begins_to_hold(way: dict[str, Any], at: str, holds: bool) -> None:
    condition = parse(date_condition(DateWay.model_validate(way)))
    assert evaluate(condition, {"traits": {"due": at}}, NOW) is holds


LEAVES = st.sampled_from(
    [
        GOLD,
        {"trait": "city", "exists": True},
        {"trait": "born", "older_than": "P30D"},
        RICH,
        VIP,
        {"score": "engagement", "gte": 5},
        {"consent": "newsletter", "channel": "email", "eq": "granted"},
        {"stage": "buying", "eq": "loyal"},
        {"stage": "buying", "eq": "loyal", "longer_than": "P30D"},
    ]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda head, parts: {head: parts},
        st.sampled_from(("all", "any", "none")),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)
VIEWS = st.fixed_dictionaries(
    {
        "traits": st.fixed_dictionaries(
            {},
            optional={
                "plan": st.sampled_from(("gold", "free")),
                "city": st.just("Oslo"),
                "born": st.sampled_from(("2026-01-01", "2026-02-28")),
            },
        ),
        "facts": st.fixed_dictionaries({"orders": st.integers(0, 3)}),
        "scores": st.fixed_dictionaries({"engagement": st.integers(0, 9)}),
        "segments": st.sets(st.just("vip")),
        "consents": st.sampled_from(({}, {"newsletter": {"email": "granted"}})),
        "stages": st.sampled_from(
            ({}, {"buying": {"": {"stage": "loyal", "since": "2026-01-01T00:00:00.000Z"}}})
        ),
    }
)


@settings(max_examples=100)
@given(TREES, VIEWS)
def test_a_standing_with_watches_answers_as_the_whole_person_would(
    when: dict[str, Any], view: dict[str, Any]
) -> None:
    """The parts that scoring judges, and what is judged here of a standing, come to the condition as it was written."""
    watches, _, _ = needs_of([document(nodes=branching(when))])
    held = {one.name for one in watches if evaluate(parse(one.when), view, NOW)}
    stages = {name: {"": {"stage": held_by[""]["stage"]}} for name, held_by in view["stages"].items()}
    standing = {**view, "traits": {}, "consents": {}, "stages": stages, "segments": view["segments"] | held}
    assert evaluate(parse(localised(when)), standing, NOW) == evaluate(parse(when), view, NOW)
