"""The rules of the whole language: each broken one is told by path, and what is right is not."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.journeys.adapters.library_files import shelf
from services.journeys.domain import graph
from services.journeys.domain.rules.problems import MAX_PROBLEMS
from services.journeys.domain.validation import InvalidJourney, judge, read_document
from tests.unit.journeys.documents import brief, journey, with_node

DONE = {"type": "exit", "reason": "done"}
ORDER = {"event": "Order Completed", "key": "order_id", "keep": ["order_id"]}
KEYED = {"on": [ORDER]}
WEEK = {"type": "wait", "for": "P7D"}
SEND = {"type": "send", "template": "t", "channels": ["email"]}
WHEN = {"fact": "orders", "gte": 1}
HOURS = {"from": "09:00", "to": "17:00"}


def of(nodes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A document of these nodes, the first being the start, and an exit `done`."""
    return journey(start=next(iter(nodes)), nodes={**copy.deepcopy(nodes), "done": DONE}, **changes)


def one(node: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A document of one node, `it`, that leads to the exit."""
    return of({"it": {"next": "done", **node}}, **changes)


def entering(*ways: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return journey(entry={"on": list(ways), **changes})


def problems_of(raw: dict[str, Any]) -> dict[str, str]:
    return {p.path: p.message for p in judge(raw).problems}


def warnings_of(raw: dict[str, Any]) -> dict[str, str]:
    verdict = judge(raw)
    assert verdict.problems == []
    return {p.path: p.message for p in verdict.warnings}


def jump(to: str, at_most: int = 2) -> dict[str, Any]:
    return {"type": "jump", "to": to, "at_most": at_most, "otherwise": "done"}


ROTATION = {"type": "rotation", "templates": ["a", "b"], "channels": ["email"], "exhausted": "done"}
SURVEY = {
    "type": "survey",
    "survey": "s",
    "question": "nps",
    "template": "t",
    "channels": ["email"],
    "otherwise": "done",
}
UNTIL = {"type": "wait_until", "missing": "done"}
WAIT_FOR = {"type": "wait_for", "timeout": "P7D", "otherwise": "done"}
SPLIT = {"type": "split", "arms": [{"name": "a", "percent": 50, "next": "done"}]}
UNEVEN = [{"name": "a", "percent": 40, "next": "hello"}, {"name": "b", "percent": 40, "next": "done"}]
WINNER = {
    "type": "split",
    "arms": [
        {"name": "a", "percent": 50, "next": "hello"},
        {"name": "b", "percent": 50, "next": "done"},
    ],
    "winner": {"after": "P7D"},
}


@pytest.mark.parametrize(
    ("raw", "path", "rule"),
    [
        # ways in
        (entering({"event": "A", "where": {"prop": "x"}}), "entry.on.0.where", "exactly one of"),
        (entering({"event": "A", "where": {"prop": "x", "gt": "z"}}), "entry.on.0.where.gt", "number"),
        (entering({"becomes": {"score": "s"}}), "entry.on.0.becomes", "exactly one of"),
        (entering({"becomes": {"fact": "walk.x", "eq": 1}}), "entry.on.0.becomes.fact", "nothing of the walk"),
        (entering({"date": "birthday"}), "entry.on.0.date", "match pattern"),
        (entering({"date": "fact:walk.x"}), "entry.on.0.date", "not on a walk|on a walk yet"),
        (entering({"date": "trait:b", "before": "P1D", "after": "P1D"}), "entry.on.0", "not have both"),
        (entering({"date": "trait:b", "anniversary": True, "after": "P1D"}), "entry.on.0", "before only"),
        (entering({"date": "trait:b", "anniversary": True, "before": "PT5H"}), "entry.on.0.before", "whole days"),
        (entering({"date": "trait:b", "before": "P0D"}), "entry.on.0.before", "longer than nothing"),
        (entering({"segment": "s", "schedule": {"start": "2026-02-30T09:00"}}), "entry.on.0.schedule.start", "local"),
        (
            entering({"segment": "s", "schedule": {"start": "2026-02-28T09:00", "zone": "Mars"}}),
            "entry.on.0.schedule.zone",
            "time zone",
        ),
        (
            entering({"segment": "s", "schedule": {"start": "2026-02-28T09:00", "rule": "FREQ=HOURLY"}}),
            "entry.on.0.schedule.rule",
            "FREQ must",
        ),
        (entering({"called": True}, when={"fact": "x"}), "entry.when", "exactly one of"),
        (entering({"called": True}, expires="PT0S"), "entry.expires", "longer than nothing"),
        (entering({"called": True}, reentry={"after": "soon"}), "entry.reentry.after", "ISO 8601"),
        (entering({"called": True}, reentry={"at_most": 0}), "entry.reentry.at_most", "greater than"),
        (entering({"called": True}, reentry=3), "entry.reentry", "'never' or 'always'"),
        (entering(*[{"called": True}] * 11), "entry.on", "at most 10"),
        (entering({"event": "A"}, when={"fact": "walk.x", "eq": 1}), "entry.when.fact", "nothing keeps 'x'"),
        # ways out
        (journey(exit_on=[{"event": "A", "key": "k"}]), "exit_on.0.key", "no walk has a key"),
        (journey(exit_on=[{"when": {"fact": "walk.x", "eq": 1}, "reason": "r"}]), "exit_on.0.when.fact", "of the walk"),
        (journey(exit_on=[{"event": "A", "where": {}}]), "exit_on.0.where", "exactly one of"),
        (journey(goal={"event": "A", "key": "k"}), "goal.key", "no walk has a key"),
        (journey(goal={"event": "A", "within": "PT0S"}), "goal.within", "longer than nothing"),
        (journey(goal={"within": "P1D"}), "goal", "must have one of event, when"),
        (journey(goal={"when": {"all": []}}), "goal.when.all", "at least one"),
        # waits
        (one({**UNTIL, "date": "2026-02-30"}), "nodes.it.date", "local date"),
        (one({**UNTIL, "date": "2026-02-20T09:00Z"}), "nodes.it.date", "local date"),
        (one({**UNTIL, "date": "tomorrow"}), "nodes.it.date", "local date"),
        (one({**UNTIL, "date": "trait:"}), "nodes.it.date", "must name"),
        (one({**UNTIL, "date": "trait:birthday", "offset": "-P1M"}), "nodes.it.offset", "no fixed length"),
        (one({**UNTIL, "date": "fact:walk.delivery"}), "nodes.it.date", "nothing keeps 'delivery'"),
        (one({"type": "wait_until", "date": "trait:birthday"}), "nodes.it", "missing: say where"),
        (one({"type": "wait_until"}), "nodes.it", "must have date, at or hours"),
        (one({"type": "wait_until", "at": "9:00"}), "nodes.it.at", "local time such as"),
        (one({"type": "wait_until", "at": "08:00", "hours": HOURS}), "nodes.it.at", "outside hours"),
        (one({"type": "wait_until", "hours": {"from": "17:00", "to": "09:00"}}), "nodes.it.hours", "before to"),
        (one({"type": "wait_until", "at": "09:00", "zone": "Mars"}), "nodes.it.zone", "time zone"),
        (one({**WAIT_FOR, "event": "A", "timeout": "PT0S"}), "nodes.it.timeout", "longer than nothing"),
        (one({**WAIT_FOR, "event": "A", "when": WHEN}), "nodes.it", "not both"),
        (one({**WAIT_FOR, "event": "A", "key": "order_id"}), "nodes.it.key", "no walk has a key"),
        (one({**WAIT_FOR, "event": "A", "where": {"prop": "x"}}), "nodes.it.where", "exactly one of"),
        (one({**WAIT_FOR, "when": {"fact": "walk.x", "eq": 1}}), "nodes.it.when.fact", "nothing of the walk"),
        # choosing
        (one(SPLIT), "nodes.it.arms", "at least 2"),
        (
            of({"it": {**WINNER, "arms": UNEVEN}, "hello": {**SEND, "next": "done"}}),
            "nodes.it",
            "add up to 100",
        ),
        (of({"it": WINNER, "hello": {**SEND, "next": "done"}}), "nodes.it.winner", "by the goal"),
        # asking
        (one({**SEND, "expires": "PT0S"}), "nodes.it.expires", "longer than nothing"),
        (one({**ROTATION, "templates": ["a", "a"]}), "nodes.it.templates", "twice"),
        (one({**ROTATION, "channels": ["print"]}), "nodes.it.channels", "brief.channels"),
        (
            one({**SURVEY, "channels": ["push"]}),
            "nodes.it.channels",
            "brief.channels",
        ),
        (one({"type": "update", "traits": {"a": "fact:"}}), "nodes.it.traits.a", "must name a fact"),
        (one({"type": "update", "traits": {"a": "fact:walk.b"}}), "nodes.it.traits.a", "nothing keeps 'b'"),
        (one({"type": "update", "traits": {"a": None}}), "nodes.it.traits.a", "text, a number"),
        (one({"type": "task", "kind": "fax", "title": "t", "owner": "o"}), "nodes.it.kind", "'call'"),
        # ways
        (of({"a": {**WEEK, "next": "b"}, "b": jump("done")}), "nodes.b.to", "must lead back"),
        (of({"a": {**WEEK, "next": "b"}, "b": {**SEND, "next": "a"}}), "nodes.a", "no jump ends"),
        (of({"a": {**SEND, "next": "b"}, "b": jump("a")}), "nodes.a", "nobody needs to wait"),
        (of({"a": jump("a")}), "nodes.a", "nobody needs to wait"),
        (
            of({
                "a": {**WAIT_FOR, "event": "A", "next": "b"},
                "b": jump("a"),
            }),
            "nodes.a",
            "nobody needs to wait",
        ),
        (
            of({"a": {"type": "wait", "for": "P100D", "next": "b"}, "b": jump("a", 40)}),
            "nodes",
            "takes 4100.0 days",
        ),
        (
            of({"a": {**WEEK, "next": "b"}, "b": {**WEEK, "next": "done"}}),
            "nodes.a.next",
            "write one wait",
        ),
        (with_node("bought", {**DONE, "enter": "trial"}), "nodes.bought.enter", "this journey"),
        # the whole
        (journey(name="library"), "name", "route"),
    ],
)  # fmt: skip
def test_each_broken_rule_is_told_by_path(raw: dict[str, Any], path: str, rule: str) -> None:
    found = problems_of(raw)
    assert any(part in found[path] for part in rule.split("|"))


@pytest.mark.parametrize(
    "raw",
    [
        entering(ORDER, when={"fact": "walk.order_id", "exists": True}),
        entering({"called": True}, when={"fact": "walk.anything", "eq": 1}),
        one({**WAIT_FOR, "event": "A", "key": "order_id"}, entry=KEYED),
        one({**WAIT_FOR, "event": "A", "key": "order_id"}, entry={"on": [{"called": True}]}),
        journey(entry=KEYED, goal={"event": "B", "key": "order_id"}, exit_on=[{"event": "A", "key": "order_id"}]),
        one({"type": "wait_until", "at": "09:00", "hours": HOURS, "zone": "person"}),
        one({**UNTIL, "date": "2026-12-24"}),
        one({**UNTIL, "date": "fact:walk.order_id"}, entry=KEYED),
        one({"type": "update", "traits": {"a": "fact:orders", "b": False, "c": 1.5}}),
        one({"type": "update", "traits": {"a": "fact:walk.order_id"}}, entry=KEYED),
        of({"it": WINNER, "hello": {**SEND, "next": "done"}}, goal={"event": "A"}),
        of({"a": {**WEEK, "next": "b"}, "b": jump("a")}),
        of({
            "a": {**WAIT_FOR, "event": "A", "since": "node", "next": "b"},
            "b": jump("a"),
        }),
        journey(
            entry={"on": [{"called": True}], "reentry": "always"},
            nodes={**journey()["nodes"], "bought": {**DONE, "enter": "trial"}},
        ),
    ],
)  # fmt: skip
def test_what_is_right_is_not_refused(raw: dict[str, Any]) -> None:
    assert problems_of(raw) == {}


def fork_on(when: dict[str, Any]) -> dict[str, Any]:
    return {"type": "branch", "branches": [{"when": when, "next": "done"}], "default": "done"}


def test_what_a_walk_keeps_is_known_behind_the_node_that_keeps_it_only() -> None:
    fork = fork_on({"fact": "walk.reason", "eq": "x"})
    waits = {"ask": {**WAIT_FOR, "event": "A", "keep": ["reason"], "next": "fork", "otherwise": "done"}}

    assert problems_of(of({**waits, "fork": fork})) == {}
    before = {"fork": {**fork, "default": "ask"}, "ask": {**waits["ask"], "next": "done"}}
    assert set(problems_of(of(before))) == {"nodes.fork.branches.0.when.fact"}


def test_an_answer_is_known_by_the_node_that_asked() -> None:
    ask = {**SURVEY, "next": "fork"}
    assert problems_of(of({"ask": ask, "fork": fork_on({"fact": "walk.ask.score", "lte": 6})})) == {}
    wrong = of({"ask": ask, "fork": fork_on({"fact": "walk.score", "lte": 6})})
    assert set(problems_of(wrong)) == {"nodes.fork.branches.0.when.fact"}


# What a journey is for


@pytest.mark.capability("001-17")
def test_a_current_campaign_without_a_goal_is_not_published() -> None:
    raw = journey(portfolio="current")
    assert set(problems_of(raw)) == {"goal", "brief.step", "brief.hypothesis"}
    learned = brief(
        "email", "sms", step="First", hypothesis="They like it", target="1 in 10", kpi="churn_rate"
    )
    assert problems_of(journey(portfolio="current", goal={"event": "A"}, brief=learned)) == {}
    assert read_document(raw).portfolio == "current", "a draft can be tried out"


def toned(*tones: str | None, objective: str = "win_back") -> dict[str, Any]:
    """Messages one after the other, a week apart."""
    nodes: dict[str, Any] = {}
    for i, tone in enumerate(tones):
        nodes[f"s{i}"] = {**SEND, **({"tone": tone} if tone else {}), "next": f"w{i}"}
        nodes[f"w{i}"] = {**WEEK, "next": f"s{i + 1}" if i + 1 < len(tones) else "done"}
    return of(nodes, objective=objective)


@pytest.mark.capability("000-18")
def test_nothing_is_sold_before_people_are_met() -> None:
    assert problems_of(toned("relational", "commercial", "commercial")) == {}
    found = problems_of(toned("commercial", "relational", "commercial"))
    assert set(found) == {"nodes.s0.tone"}
    assert "before relational" in found["nodes.s0.tone"]
    assert set(problems_of(toned("relational", None))) == {"nodes.s1.tone"}
    assert problems_of(toned("commercial", None, objective="cross_sell")) == {}
    with pytest.raises(InvalidJourney):
        read_document(toned("commercial"))


@pytest.mark.capability("000-18")
def test_each_way_to_an_offer_is_looked_at() -> None:
    nodes: dict[str, Any] = {
        "fork": {"type": "branch", "branches": [{"when": WHEN, "next": "meet"}], "default": "sell"},
        "meet": {**SEND, "tone": "relational", "next": "sell"},
        "sell": {**SEND, "tone": "commercial", "next": "done"},
    }
    assert set(problems_of(of(nodes, objective="retention"))) == {"nodes.sell.tone"}
    nodes["fork"]["default"] = "done"
    assert problems_of(of(nodes, objective="retention")) == {}


def test_traits_that_nobody_may_collect_are_not_set() -> None:
    raw = one({"type": "update", "traits": {"email": "x", "iban": "y"}})
    assert [p.path for p in judge(raw, {"email"}).problems] == ["nodes.it.traits.iban"]


# What may not be meant


def test_what_may_not_be_meant_is_told_and_not_refused() -> None:
    arms = [{"when": WHEN, "next": "a"}, {"when": WHEN, "next": "done"}]
    nodes = {
        "fork": {"type": "branch", "branches": arms, "default": "b"},
        "a": {**WAIT_FOR, "event": "A", "next": "done"},
        "b": {**SEND, "next": "done"},
    }
    raw = of(nodes, objective="cross_sell", admission="P1D")
    raw["entry"] = {"on": [{"event": "A"}, {"date": "trait:birthday", "anniversary": True}]}
    assert set(warnings_of(raw)) == {
        "nodes.fork.branches.1.when",
        "nodes.a.otherwise",
        "nodes.b.proposition",
        "admission",
        "entry.reentry",
    }


def test_a_control_group_that_is_written_to_is_told() -> None:
    arms = [
        {"name": "control", "percent": 10, "next": "week", "holdout": True},
        {"name": "met", "percent": 90, "next": "hello"},
    ]
    nodes = {
        "it": {"type": "split", "arms": arms},
        "week": {**WEEK, "next": "hello"},
        "hello": {**SEND, "next": "done"},
    }
    assert "comes to hello" in warnings_of(of(nodes))["nodes.it.arms.0.next"]
    nodes["week"]["next"] = "done"
    assert warnings_of(of(nodes)) == {}


def test_what_is_kept_for_nothing_is_told_unless_a_message_may_use_it() -> None:
    raw = of({"it": {**WEEK, "next": "done"}}, entry=KEYED)
    assert set(warnings_of(raw)) == {"entry.on.0.keep.0"}
    assert warnings_of(of({"it": {**SEND, "next": "done"}}, entry=KEYED)) == {}


def test_a_branch_that_makes_no_difference_is_told() -> None:
    fork = {"type": "branch", "branches": [{"when": WHEN, "next": "done"}], "default": "done"}
    assert set(warnings_of(of({"it": fork}))) == {"nodes.it"}


# Limits


def test_what_explodes_is_refused_before_it_is_looked_at() -> None:
    many = {f"n{i}": {**SEND, "next": f"n{i + 1}"} for i in range(201)}
    assert "at most 200" in problems_of(journey(start="n0", nodes=many))["nodes"]
    assert set(problems_of(journey(title="x" * 200_001))) == {"document"}
    with pytest.raises(InvalidJourney, match="the limit is 200000"):
        read_document(journey(title="x" * 200_001))
    deep: dict[str, Any] = WHEN
    for _ in range(40):
        deep = {"none": [deep]}
    assert any("nested deeper" in m for m in problems_of(journey(goal={"when": deep})).values())


def test_no_more_is_told_than_somebody_reads() -> None:
    raw = journey(brief=brief("email", needed_data=[""] * 5_000))
    assert len(judge(raw).problems) <= MAX_PROBLEMS
    raw["brief"]["needed_data"] = [""] * 100
    assert len(judge({**raw, **{f"x{i}": 1 for i in range(300)}}).problems) == MAX_PROBLEMS


def test_a_long_chain_is_no_trouble() -> None:
    chain = {f"n{i}": {**WEEK, "next": f"s{i}"} for i in range(99)}
    sends = {f"s{i}": {**SEND, "next": f"n{i + 1}" if i < 98 else "done"} for i in range(99)}
    assert graph.longest_wait(read_document(of({**chain, **sends}))) == timedelta(days=7 * 99)


# How long it takes


def test_loops_count_as_often_as_they_may_be_walked() -> None:
    nodes = {
        "a": {**WEEK, "next": "b"},
        "b": {"type": "jump", "to": "a", "at_most": 3, "otherwise": "c"},
        "c": {**WEEK, "next": "d"},
        "d": jump("c"),
    }
    assert graph.longest_wait(read_document(of(nodes))) == timedelta(days=7 * (1 + 3 + 1 + 2))


@given(inner=st.integers(1, 4), outer=st.integers(1, 4), days=st.integers(1, 9), more=st.integers(1, 9))
@settings(max_examples=50)
def test_no_walk_through_loops_within_loops_is_longer(inner: int, outer: int, days: int, more: int) -> None:
    nodes: dict[str, Any] = {
        "a": {"type": "wait", "for": f"P{days}D", "next": "x"},
        "x": {**SEND, "next": "b"},
        "b": {"type": "wait", "for": f"P{more}D", "next": "i"},
        "i": {"type": "jump", "to": "b", "at_most": inner, "otherwise": "o"},
        "o": {"type": "jump", "to": "a", "at_most": outer, "otherwise": "done"},
    }
    # inner is spent on the first lap, so each further lap of outer waits once at each
    walked = days + more * (1 + inner) + outer * (days + more)
    assert graph.longest_wait(read_document(of(nodes))) >= timedelta(days=walked)


# Nothing that is sent to it breaks it

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 9), st.sampled_from(["", "a", "email", "P1D", "done", "wait"])
)
WORDS = ("a", "type", "next", "when", "on", "event", "fact", "eq")
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


def with_change(raw: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed: Any = json.loads(json.dumps(raw))
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return dict(changed)


@given(data=st.data())
@settings(max_examples=100)
def test_a_document_with_anything_anywhere_is_judged_and_never_breaks(data: st.DataObject) -> None:
    """Whatever stands where: there is a verdict; each problem names a place; who is told of none can walk it."""
    raw = shelf()[data.draw(st.sampled_from(sorted(shelf())))].journey
    for _ in range(data.draw(st.integers(1, 3))):
        raw = with_change(raw, data.draw(st.sampled_from(places(raw)[1:])), data.draw(JSON))
    verdict = judge(raw)
    assert all(problem.path and problem.message for problem in verdict.problems)
    if not verdict.problems:
        assert verdict.document == read_document(raw)


def test_with_node_is_good_as_it_is() -> None:
    assert problems_of(with_node("hello", {**SEND, "next": "fork"})) == {}
