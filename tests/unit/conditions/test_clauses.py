"""Clauses one by one: what is refused and why, and the moments that matter."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.shared.conditions import evaluate, explain, next_flip, parse
from services.shared.conditions.leaves import bucket_of
from services.shared.errors import Invalid
from tests.unit.conditions.oracle import Told, holds
from tests.unit.conditions.test_incremental import Memory

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(milliseconds=1)


def remembered(document: dict[str, Any], *events: Told) -> dict[str, Any]:
    """The view of somebody who did `events`."""
    memory = Memory([parse(document)])
    for number, event in enumerate(events):
        memory.take_in(event, number)
    return memory.view({})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"event": "A", "count": {"gte": 501}, "within": "P1D"}, "count: must be below 500"),
        ({"event": "A", "count": {"eq": 500}, "since": {"event": "B"}}, "count: must be below 500"),
        ({"event": "A", "distinct": {"of": "x", "gte": 501}}, "distinct: must be below 500"),
        ({"event": "A", "per": "cart"}, "per: needs within"),
        ({"event": "A", "within": "PT0S"}, "within: must be longer than nothing"),
        ({"event": "A", "within": "P1M"}, "within: years and months have no fixed length"),
        ({"event": "A", "type": "click"}, "type: must be one of identify, track, page,"),
        ({"event": "A", "direction": "sideways"}, "direction: must be one of inbound, outbound, internal"),
        ({"event": "A", "count": {"gte": "2"}}, "count.gte: must be a finite number"),
        ({"event": "A", "count": {"exists": True}}, "count.exists: is not known here"),
        ({"event": "A", "sum": {"gte": 2}}, "sum.of: is required"),
        (
            {"event": "A", "sum": {"of": "x", "gt": 1}, "count": {"gt": 1}},
            "condition: must have exactly one of count,",
        ),
        ({"event": "A", "where": {"prop": "x"}}, "where: must have exactly one of eq,"),
        ({"event": "A", "where": {"prop": "x", "older_than": "P1D"}}, "where: must have exactly one of eq,"),
        ({"event": "A", "from": "yesterday"}, "from: must be an instant"),
        ({"event": "A", "from": "2026-02-01", "until": "2026-02-01"}, "until: must be after from"),
        ({"event": "A", "since": {"event": "B", "count": 3}}, "since.count: is not known here"),
        ({"event": "A", "last": {"of": "@at", "starts_with": "2026"}}, "last.starts_with: is not known here"),
        ({"sequence": [{"event": "A"}]}, "sequence: must be a list of 2 to 6 steps"),
        (
            {"sequence": [{"event": "A", "within": "P1D"}, {"event": "B"}]},
            "sequence.0.within: is not known here",
        ),
        ({"sequence": [{"event": "A"}, {"event": "B", "absent": True}]}, "sequence.1.within: is required"),
        (
            {"sequence": [{"event": "A"}, {"event": "B"}], "per": "x"},
            "per: needs within, on the sequence and",
        ),
        ({"sequence": [{"event": "A"}, 3]}, "sequence.1: must be an object"),
        ({"relation": "r", "where": {"field": "x"}}, "where: must have exactly one of eq,"),
        ({"relation": "r", "where": {"all": [{"line": "l"}]}}, "where.all.0.where: must be an object"),
        ({"relation": "r", "where": 3}, "where: must be an object"),
        ({"relation": "r", "where": {"a": None}}, "where.a: is not known here"),
        ({"relation": "r", "where": {"any": [{"a": 1}]}}, "where.any.0.a: is not known here"),
        ({"stage": "l", "gt": 3}, "gt: is not known here"),
        ({"consent": "n", "channel": "email"}, "eq: is required"),
        ({"bucket": "b", "from": 10, "to": 10}, "to: must be above from"),
        ({"bucket": "b", "from": 0.001, "to": 10}, "from: must be a percentage"),
        ({"trait": "t", "anniversary": "tomorrow"}, 'anniversary: must be "today" or'),
        ({"trait": "t", "anniversary": {"within_next": "PT5H"}}, 'anniversary: must be "today" or'),
        ({"trait": "t", "anniversary": "today", "zone": "Mars/Base"}, "zone: must be an IANA time zone"),
        (
            {"trait": "t", "anniversary": "today", "zone": "../../etc/passwd"},
            "zone: must be an IANA time zone",
        ),
        ({"trait": "t", "eq": 1, "zone": "UTC"}, "zone: is not known here"),
        ({"trait": "t", "near": {"lat": 1, "lon": 2, "km": 0}}, "near: must be "),
        ({"trait": "t", "between": [3, 1]}, "between: must be a list [low, high]"),
        ({"trait": "t", "starts_with": ""}, "starts_with: must be text of 1 to 500"),
        ({"trait": "t", "eq": 10**5000}, "eq: must be text"),
        ({"trait": "t", "gte": json.loads("1e400")}, "gte: must be a number"),
        ({"trait": "t", "eq": "\ud800"}, "eq: must be text"),
        ({"event": "\udfff"}, "event: must be a name"),
        ({"trait": "t", "in": [0] * 201}, "in: must be a list of 1 to 200"),
        ({"trait": "t", "in": [[[]]]}, "in: must be a list of 1 to 200"),
        ({"trait": "x" * 201, "exists": True}, "trait: must be a name"),
        ({"trait": None, "exists": True}, "trait: must not be null"),
    ],
)
def test_refuses_with_the_path_and_the_rule(document: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse({"none": [document]})

    prefix = "" if message.startswith("condition") else "none.0."
    assert refusal.value.message.startswith(prefix + message.replace("condition:", "none.0:"))


def test_tells_all_that_is_wrong_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        parse(
            {"all": [{"fact": "", "gte": "x"}, {"event": "A", "within": 3}, {"segment": "fine"}, {"any": 3}]}
        )

    assert [problem.split(":")[0] for problem in refusal.value.message.split("; ")] == [
        "all.0.fact",
        "all.0.gte",
        "all.1.within",
        "all.3.any",
    ]
    with pytest.raises(Invalid) as many:
        parse({"any": [{"fact": ""}] * 100})
    assert len(many.value.message.split("; ")) == 20


def deep(levels: int, wrap: Any, core: dict[str, Any]) -> dict[str, Any]:
    for _ in range(levels):
        core = wrap(core)
    return core


@pytest.mark.parametrize(
    "document",
    [
        {"event": "A", "where": deep(3_000, lambda w: {"none": [w]}, {"prop": "x", "eq": 1})},
        {"event": "A", "where": deep(3_000, lambda w: {"line": "l", "where": w}, {"prop": "x", "eq": 1})},
        {"relation": "r", "where": deep(3_000, lambda w: {"line": "l", "where": w}, {"field": "x", "eq": 1})},
        deep(3_000, lambda c: {"none": [c, c]}, {"segment": "s"}),
        {"event": "A", "where": {"any": [{"prop": "x", "eq": 1}] * 100_000}},
        {"any": [{"event": f"E{n}"} for n in range(25)]},
        {"any": [{"event": "A", "where": {"all": [{"prop": "x", "eq": n}] * 10}} for n in range(20)]},
    ],
    ids=["where", "lines", "rows", "doubling", "wide", "tracks", "clauses"],
)
def test_what_explodes_is_refused_with_the_reason(document: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match=r"nested deeper than 16|over the limit of 200|watches more than 24"):
        parse(document)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "all",
                    "event",
                    "sequence",
                    "relation",
                    "trait",
                    "eq",
                    "where",
                    "prop",
                    "count",
                    "of",
                    "last",
                    "within",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=100)
@given(JSON)
def test_any_json_is_a_condition_or_is_refused(document: Any) -> None:
    try:
        condition = parse(document)
    except Invalid:
        return
    assert evaluate(condition, {}, NOW) in (True, False)


@pytest.mark.parametrize(("times", "verdict"), [(2, False), (3, True), (4, True)])
def test_n_times_in_d_days(times: int, verdict: bool) -> None:
    document = {
        "event": "Viewed",
        "where": {"prop": "kind", "eq": "bike"},
        "within": "P7D",
        "count": {"gte": 3},
    }
    view = remembered(document, *(Told("Viewed", NOW - n * DAY, {"kind": "bike"}) for n in range(times)))

    assert evaluate(parse(document), view, NOW) is verdict


def test_a_window_ends_to_the_millisecond() -> None:
    document = {"event": "Order", "within": "P90D", "count": {"eq": 0}}
    condition, view = parse(document), remembered(document, Told("Order", NOW))

    assert evaluate(condition, view, NOW - TICK)
    assert not evaluate(condition, view, NOW)
    assert next_flip(condition, view, NOW) == NOW + 90 * DAY
    assert not evaluate(condition, view, NOW + 90 * DAY - TICK)
    assert evaluate(condition, view, NOW + 90 * DAY)


def test_an_event_of_the_future_counts_from_its_own_time_on() -> None:
    document = {"event": "Order", "sum": {"of": "value", "gte": 10}}
    condition, view = parse(document), remembered(document, Told("Order", NOW + DAY, {"value": 10}))

    assert not evaluate(condition, view, NOW)
    assert next_flip(condition, view, NOW) == NOW + DAY
    assert evaluate(condition, view, NOW + DAY)


def test_sums_are_exact_in_any_order() -> None:
    document = {"event": "Order", "sum": {"of": "value", "eq": 0.6}}
    amounts = [0.1, 0.2, 0.3]
    view = remembered(document, *(Told("Order", NOW - DAY, {"value": a}) for a in amounts))

    assert sum(amounts) != 0.6
    assert evaluate(parse(document), view, NOW)


def test_an_abandoned_cart_is_one_when_the_time_is_over() -> None:
    document = {
        "sequence": [{"event": "Added"}, {"event": "Order", "within": "P1D", "absent": True}],
        "per": "cart",
        "within": "P30D",
    }
    condition = parse(document)
    kept = Told("Added", NOW, {"cart": "kept"}), Told("Order", NOW + DAY, {"cart": "kept"})
    view = remembered(document, *kept, Told("Added", NOW + TICK, {"cart": "left"}))

    assert next_flip(condition, view, NOW) == NOW + DAY + TICK
    assert not evaluate(condition, view, NOW + DAY)
    assert evaluate(condition, view, NOW + DAY + TICK)
    assert explain(condition, view, NOW + 2 * DAY).document()["seen"] == "2026-03-02T12:00:00.001Z"


def test_an_explanation_says_what_was_not_counted_further() -> None:
    document = {"event": "A", "within": "P7D", "count": {"gte": 2}}
    view = remembered(document, *(Told("A", NOW - n * DAY) for n in range(3)))

    assert explain(parse(document), view, NOW).document()["at_least"] is True


BIRTHDAYS = st.one_of(
    st.dates(datetime(1990, 1, 1).date(), datetime(2025, 1, 1).date()).map(str),
    st.sampled_from(
        ["1992-02-29", "2024-02-29", "1999-02-28", "2000-12-31", "1970-03-29", "2000-01-01T23:30:00Z"]
    ),
)
ZONES = st.sampled_from(["UTC", "Europe/Amsterdam", "America/Sao_Paulo", "Pacific/Kiritimati", "Asia/Beirut"])


@settings(max_examples=100)
@given(BIRTHDAYS, ZONES, st.sampled_from(["today", 0, 1, 7, 366]), st.integers(0, 1_500 * 24))
def test_anniversaries_are_whole_local_days(born: str, zone: str, ahead: Any, hours: int) -> None:
    """F34: leap days, and days that begin or end at a change of the clocks."""
    literal = "today" if ahead == "today" else {"within_next": f"P{ahead}D"}
    document = {"trait": "born", "anniversary": literal, "zone": zone}
    person, now = {"traits": {"born": born}}, datetime(2023, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    condition = parse(document)

    flip = next_flip(condition, person, now)

    verdict = holds(document, person, now)
    assert evaluate(condition, person, now) is verdict
    assert flip is not None
    for part in (0.2, 0.5, 0.8):
        assert holds(document, person, now + (flip - now) * part) is verdict
    assert holds(document, person, flip - TICK) is verdict
    looks_again = flip == now + timedelta(days=1_096)
    assert looks_again or holds(document, person, flip) is not verdict


def test_a_birthday_is_kept_in_the_persons_own_zone_and_needs_no_year() -> None:
    condition = parse({"trait": "born", "anniversary": "today", "zone": "trait:timezone"})
    midnight = datetime(2026, 5, 16, 22, tzinfo=UTC)

    for zone, verdict in (("Europe/Amsterdam", True), ("UTC", False), ("Nowhere/At_All", False)):
        assert evaluate(condition, {"traits": {"born": "--05-17", "timezone": zone}}, midnight) is verdict
    assert [(r.kind, r.name) for r in condition.references()] == [("trait", "born"), ("trait", "timezone")]


AMSTERDAM = {"lat": 52.3676, "lon": 4.9041}


@pytest.mark.parametrize(
    ("place", "verdict"),
    [
        ({"lat": 52.0907, "lon": 5.1214}, True),
        ("52.0907, 5.1214", True),
        ("51.9244,4.4777", False),
        ({"lat": "52.1", "lon": "5.1"}, True),
        ("somewhere", False),
        ({"lat": True, "lon": 4.9}, False),
        ("nan,nan", False),
        (None, False),
    ],
)
def test_near_is_a_circle_around_a_place(place: Any, verdict: bool) -> None:
    """Utrecht is 34 km from Amsterdam, Rotterdam 57."""
    condition = parse({"trait": "home", "near": {**AMSTERDAM, "km": 40}})

    assert evaluate(condition, {"traits": {"home": place}}, NOW) is verdict


def test_buckets_are_sticky_and_even() -> None:
    ids = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(4_000)]
    tenth = parse({"bucket": "spring", "from": 0, "to": 10})
    rest = parse({"bucket": "spring", "from": 10, "to": 100})

    inside = [one for one in ids if evaluate(tenth, {"profile_id": one}, NOW)]

    assert 320 <= len(inside) <= 480
    assert all(evaluate(tenth, {"profile_id": i}, NOW) != evaluate(rest, {"profile_id": i}, NOW) for i in ids)
    assert len({bucket_of("autumn", one) // 1_000 for one in inside}) == 10
    assert not evaluate(tenth, {}, NOW)


def test_product_held_for_thirty_days() -> None:
    held = {"all": [{"field": "status", "eq": "held"}, {"field": "first_at", "older_than": "P30D"}]}
    condition = parse({"relation": "product", "where": held})
    record = {"id": "savings", "status": "held", "first_at": "2026-02-01T12:00:00Z"}
    view = {"relations": {"product": [record, {**record, "status": "closed"}]}}

    assert next_flip(condition, view, NOW) == NOW + 2 * DAY
    assert not evaluate(condition, view, NOW + 2 * DAY - TICK)
    assert evaluate(condition, view, NOW + 2 * DAY)
