"""Points are those of the events, whatever came when; they fade to the millisecond, and every point has its line."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.domain.definitions import Definitions, ScoreModel, Segment
from services.scoring.domain.definitions.scores import read_model
from services.scoring.domain.judging import let_time_pass, take_in
from services.scoring.domain.seeing import explained_scores, known, numbers, scores_of, seen_by_models
from services.scoring.domain.standing import ProfileStanding
from services.shared.conditions import evaluate, next_flip, parse
from services.shared.contracts.ingest import CustomerEvent
from services.shared.errors import Invalid
from tests.unit.scoring.builders import change, definitions, event, on

START = on("2026-01-01T00:00")
MS = timedelta(milliseconds=1)

RULES: list[dict[str, Any]] = [
    {"event": "Email Link Clicked", "points": 5},
    {"event": "Email Link Clicked", "points": 3.5, "once": True},
    {"event": "Unsubscribed", "points": -7},
    {"event": "Page Read", "points": 2, "where": {"prop": "depth", "gte": 50}},
    {"event": "Page Read", "points": 4, "where": {"prop": "depth", "gte": 50}, "once": True},
    {"event": "Page Read", "points": 2, "cap": 5},
    {"event": "Page Read", "points": 10, "decay": {"half_life": "P3D"}},
    {"event": "Unsubscribed", "points": -8, "decay": {"half_life": "P2D"}},
    {"event": "Page Read", "points": 6, "decay": {"linear": "P5D"}, "cap": 9},
    {"event": "Email Link Clicked", "points": 3, "expires": "P4D"},
    {"event": "Unsubscribed", "points": -4, "decay": {"linear": "P9D"}, "expires": "P3D"},
    {"event": "Page Read", "points": 1, "once": True, "decay": {"half_life": "P1D"}},
    {"event": "Page Read", "points": 4, "per": "product", "expires": "P6D", "cap": 6},
    {"event": "*", "points": 0.1, "expires": "P2D"},
]

EVENTS = st.lists(
    st.builds(
        lambda name, hours, depth, product: event(
            name, START + timedelta(hours=hours), depth=depth, product=product
        ),
        st.sampled_from(["Email Link Clicked", "Unsubscribed", "Page Read", "Else"]),
        st.integers(0, 24 * 20),
        st.sampled_from([10, 50, 90]),
        st.sampled_from(["a", "b", 7]),
    ),
    max_size=12,
)


def milliseconds(length: str) -> Decimal:
    return Decimal(int(length[1:-1]) * 86_400_000)


def worth(rule: dict[str, Any], at: datetime, now: datetime) -> Decimal:
    """What one event is worth, by the words of the rule."""
    age, points = Decimal((now - at) // MS), Decimal(str(rule["points"]))
    if age < 0 or ("expires" in rule and age >= milliseconds(rule["expires"])):
        return Decimal(0)
    decay = rule.get("decay", {})
    if "half_life" in decay:
        points *= Decimal(2) ** (-age / milliseconds(decay["half_life"]))
    if "linear" in decay:
        points *= max(Decimal(0), 1 - age / milliseconds(decay["linear"]))
    return points.quantize(Decimal("0.01"), ROUND_HALF_EVEN) if decay else points


def by_hand(rule: dict[str, Any], events: list[CustomerEvent], now: datetime) -> Decimal:
    """The points of a rule, over raw events."""
    asked = rule.get("where", {}).get("gte", 0)
    mine = sorted(e.at for e in events if rule["event"] in ("*", e.name) and e.properties["depth"] >= asked)
    if "per" in rule:
        groups = [
            sum(
                (
                    worth(rule, e.at, now)
                    for e in events
                    if e.name == rule["event"] and e.properties["product"] == one
                ),
                Decimal(0),
            )
            for one in ("a", "b", 7)
        ]
    else:
        groups = [sum((worth(rule, at, now) for at in (mine[:1] if rule.get("once") else mine)), Decimal(0))]
    cap = Decimal(str(rule.get("cap", 10**9)))
    return sum((max(-cap, min(cap, group)) for group in groups), Decimal(0))


def taken_in(events: list[CustomerEvent], by: Definitions, seed: int) -> ProfileStanding | None:
    """Events in any order, in batches of any size, between which time passes, is swept, and memory is pruned."""
    dice = random.Random(seed)
    shuffled = dice.sample(events, len(events))
    standing: ProfileStanding | None = None
    now = START
    version = 0
    while shuffled:
        size = dice.randint(1, 4)
        batch, shuffled = shuffled[:size], shuffled[size:]
        now = max(now + timedelta(hours=dice.randint(0, 80)), *(e.at for e in batch))
        version += 1
        standing = take_in("prf_1", standing, [change(version, *batch)], by, now) or standing
        if standing and dice.random() < 0.5:
            standing = let_time_pass(standing, by, now) or standing
    return standing


@pytest.mark.capability("001-2")
@settings(max_examples=60)
@given(EVENTS, st.integers(), st.lists(st.integers(0, 40 * 86_400_000), max_size=4))
def test_a_score_is_that_of_the_raw_events_whatever_came_when(
    events: list[CustomerEvent], seed: int, later: list[int]
) -> None:
    """F2: any order, any batching, any pruning; asked at any later time. The ledger adds up to it exactly."""
    by = definitions({"high": {"score": "all", "gte": 10}}, {"all": RULES})
    standing = taken_in(events, by, seed)
    for milliseconds_later in [0, *later] if standing else []:
        assert standing is not None
        now = standing.at + milliseconds_later * MS
        expected = sum((by_hand(rule, events, now) for rule in RULES), Decimal(0))
        told = explained_scores(standing, by, now)["all"]
        assert Decimal(str(told["score"])) == expected
        assert sum(Decimal(str(line["points"])) for line in told["ledger"]) == expected
        assert sum(Decimal(str(row["points"])) for row in told["rules"]) == expected


@settings(max_examples=60)
@given(
    EVENTS,
    st.sampled_from(
        [
            {"score": "all", "gte": 5},
            {"score": "all", "lt": 0},
            {"score": "all", "between": [1, 12.5]},
            {"score": "all", "eq": 0},
            {"score": "all", "in": [4.5, 3]},
            {"score": "all", "for": "a", "gt": 4},
            {"score": "twice", "gte": 12},
            {"any": [{"score": "all", "gte": 20}, {"none": [{"score": "all", "gt": 3}]}]},
        ]
    ),
    st.integers(0, 30 * 24),
    st.randoms(use_true_random=False),
)
def test_the_next_flip_is_when_the_verdict_changes_and_not_before(
    events: list[CustomerEvent], document: dict[str, Any], hours: int, dice: random.Random
) -> None:
    timed = [rule for rule in RULES if "decay" in rule or "expires" in rule]
    by = definitions({}, {"all": timed})
    by = by.with_(read_model("twice", {"weights": {"all": 2}}))
    standing = ProfileStanding("prf_1", 0, START)
    memory = standing.memory
    for one in events:
        memory = memory.with_event(one, by.needs)
    view, now, condition = known(standing, memory, by), START + timedelta(hours=hours), parse(document)

    flip = next_flip(condition, view, now)
    verdict = evaluate(condition, view, now)
    end = flip or now + timedelta(days=60)
    for _ in range(60):
        assert evaluate(condition, view, now + dice.random() * (end - now - MS)) is verdict
    if flip:
        assert evaluate(condition, view, flip - MS) is verdict
        assert evaluate(condition, view, flip) is not verdict
    else:
        assert evaluate(condition, view, now + timedelta(days=3_000)) is verdict


def test_a_half_life_is_half_and_the_flip_is_exact() -> None:
    by = definitions(
        {"warm": {"score": "m", "gte": 5}},
        {"m": [{"event": "Click", "points": 10, "decay": {"half_life": "P7D"}}]},
    )
    standing = take_in("prf_1", None, [change(1, event("Click", START))], by, START)
    assert standing is not None
    # Rounded to hundredths: 4.995 is still 5.
    left = standing.due_at
    assert left is not None
    assert timedelta(0) < left - (START + timedelta(days=7)) < timedelta(minutes=20)
    assert let_time_pass(standing, by, left - MS) is None
    cooled = let_time_pass(standing, by, left + timedelta(days=1))
    assert cooled is not None
    assert [(m.seat[1], m.at, m.after) for m in cooled.moved] == [("warm", left, None)]
    assert cooled.scores["m"] == 4.52


def test_points_in_balance_are_looked_at_again_in_time() -> None:
    """Plus and minus fade alike, so the score keeps to zero within rounding: the search ends, and says until when."""
    rules = [
        {"event": "A", "points": 900, "decay": {"half_life": "P100D"}},
        {"event": "A", "points": -900.004, "decay": {"half_life": "P100D"}},
    ]
    by = definitions({}, {"m": rules})
    standing = ProfileStanding("prf_1", 0, START)
    view = known(standing, standing.memory.with_event(event("A", START), by.needs), by)
    condition = parse({"score": "m", "gte": 0})

    now, verdict, looks = START, evaluate(condition, view, START), 0
    while (following := next_flip(condition, view, now)) and looks < 50:
        assert following > now
        for i in range(20):
            assert evaluate(condition, view, now + i / 20 * (following - now - MS)) is verdict
        now, looks, verdict = following, looks + 1, evaluate(condition, view, following)
    assert looks


def test_points_of_a_product_are_read_apart() -> None:
    rules = [{"event": "Viewed", "points": 2, "per": "sku", "expires": "P30D", "cap": 5}]
    by = definitions(
        {
            "fond_of_a": {"score": "m", "for": "a", "gte": 5},
            "fond_of_b": {"score": "m", "for": "b", "gte": 5},
        },
        {"m": rules},
    )
    views = [event("Viewed", START, sku=sku) for sku in ("a", "a", "a", "b", 7)]
    standing = take_in("prf_1", None, [change(1, *views, event("Viewed", START))], by, START)
    assert standing is not None
    told = explained_scores(standing, by, START)["m"]
    assert told["values"] == {"a": 5, "b": 2, "7": 2}
    assert told["score"] == 9
    assert {"event": "Viewed", "value": "a", "why": "cap", "points": -1} in told["ledger"]
    assert set(standing.segments) == {"fond_of_a"}


def test_the_ledger_says_why_and_is_bounded() -> None:
    rules = [
        {"event": "Click", "points": 4, "expires": "P10D"},
        {"event": "Read", "points": 8, "decay": {"linear": "P10D"}},
    ]
    by = definitions({"any": {"score": "m", "gt": 0}}, {"m": rules})
    many = [event("Click", START + timedelta(minutes=i)) for i in range(80)]
    read = event("Read", START)
    standing = take_in("prf_1", None, [change(1, read, *many)], by, START + timedelta(hours=2))
    assert standing is not None

    soon = explained_scores(standing, by, START + timedelta(days=5))["m"]
    assert len(soon["ledger"]) == 51
    assert soon["ledger"][-1] == {"count": 31, "why": "older", "points": 4 * 30 + 4}
    assert soon["score"] == 324
    late = explained_scores(standing, by, START + timedelta(days=10, minutes=75))["m"]["ledger"]
    assert late[0] == {"event": "Click", "given": 4, "at": "2026-01-01T01:19:00.000Z", "points": 4}
    assert {line.get("why") for line in late} == {None, "expired", "older"}
    reader = take_in("prf_1", None, [change(1, read)], by, START)
    assert reader is not None
    decayed = explained_scores(reader, by, START + timedelta(days=5))["m"]["ledger"]
    assert decayed == [
        {"event": "Read", "given": 8, "at": "2026-01-01T00:00:00.000Z", "why": "decayed", "points": 4}
    ]


@pytest.mark.capability("000-15")
def test_weights_change_the_total_only() -> None:
    """Four sub-scores, social and event participation included, and their weighted sum, which is a score like any."""
    parts = {
        "engagement": [{"event": "Email Link Clicked", "points": 2, "decay": {"half_life": "P30D"}}],
        "interaction": [{"event": "Event Attended", "points": 20}, {"event": "Post Shared", "points": 5}],
        "intimacy": [{"event": "Survey Answered", "points": 8}],
        "influence": [{"event": "Friend Referred", "points": 15, "cap": 30}],
    }
    happened = [
        event(name, START)
        for name in (
            "Event Attended",
            "Survey Answered",
            "Friend Referred",
            "Post Shared",
            "Email Link Clicked",
        )
    ]
    found = []
    for weights in ((0.25, 0.25, 0.25, 0.25), (0.1, 0.5, 0.2, 0.2)):
        total = read_model("total", {"weights": dict(zip(parts, weights, strict=True))})
        close = Segment.read("close", {"condition": {"score": "total", "gte": 17}})
        by = definitions({}, parts).with_(total).with_(close)
        standing = take_in("prf_1", None, [change(1, *happened)], by, START)
        assert standing is not None
        found.append((standing.scores, set(standing.segments), standing.due_at))
    (one, in_one, _), (other, in_other, due) = found
    assert {**one, "total": 0} == {
        **other,
        "total": 0,
    }
    assert (one["total"], other["total"]) == (12.5, 17.3)
    assert (in_one, in_other) == (set(), {"close"})
    assert due is None, "even without the part that fades it stays above 17"


def test_a_circle_of_weighted_scores_is_refused() -> None:
    by = definitions({}, {"m": [{"event": "A", "points": 1}]}).with_(read_model("a", {"weights": {"m": 1}}))
    with pytest.raises(Invalid, match="circle"):
        by.with_(read_model("m", {"weights": {"a": 1}}))
    with pytest.raises(Invalid, match=r"weights\.nobody: there is no score named 'nobody'"):
        by.with_(read_model("b", {"weights": {"nobody": 1}}))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"per": "sku"}, "per: needs decay or expires"),
        ({"per": "sku", "once": True, "expires": "P1D"}, "once: can't be kept per value"),
        ({"decay": {}}, "exactly one of half_life, linear"),
        ({"decay": {"half_life": "P1D", "linear": "P1D"}}, "exactly one of half_life, linear"),
        ({"decay": {"half_life": "P1M"}}, "years and months have no fixed length"),
        ({"expires": "PT0S"}, "longer than nothing"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ScoreModel.read("m", {"rules": [{"event": "A", "points": 1, **rule}]})


def test_a_filter_that_is_none_is_named_by_its_path() -> None:
    with pytest.raises(Invalid, match=r"rules\.1\.where\.gte"):
        ScoreModel.read(
            "m",
            {
                "rules": [
                    {"event": "A", "points": 1},
                    {"event": "A", "points": 1, "where": {"prop": "x", "gte": [1]}},
                ]
            },
        )


def test_a_model_that_watches_too_much_is_refused() -> None:
    rules = [{"event": f"E{i}", "points": 1, "expires": "P1D"} for i in range(25)]
    with pytest.raises(ValidationError, match="more than 24 kinds of events"):
        ScoreModel.read("m", {"rules": rules})


def test_a_model_reads_back_as_it_was_written() -> None:
    model = ScoreModel.read("m", {"rules": RULES})
    assert ScoreModel.read("m", model.document()) == model
    assert model.document()["rules"][6] == {
        "event": "Page Read",
        "type": "track",
        "points": 10,
        "once": False,
        "decay": {"half_life": "P3D"},
    }


def test_what_only_counts_is_no_curve() -> None:
    by = definitions({}, {"m": [{"event": "A", "points": 1.5}]})
    memory = ProfileStanding("prf_1", 0, START).memory.with_event(event("A", START), by.needs)
    scores = scores_of(seen_by_models(memory, {}), by)
    assert scores == {"m": 1.5}
    assert numbers(scores, START) == {"m": 1.5}
    assert Segment.read("s", {"condition": {"score": "m", "gte": 1}}).condition.ages
