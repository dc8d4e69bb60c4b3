"""The one decision for each kind of node."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.journeys.domain.acting import act, concerns, remembered, wake
from services.journeys.domain.document import Document
from services.journeys.domain.listening import listener_of, watch_of
from services.journeys.domain.moves import (
    INLINE,
    AskMessage,
    AskTask,
    AskUpdate,
    AskWebhook,
    Away,
    Memory,
    Move,
    Out,
    Seen,
    Walker,
    memory_of_next,
    request_name,
    shared_memory,
)
from services.journeys.domain.nodes import WaitFor
from services.shared.contracts.scoring import Standing
from tests.unit.journeys.documents import journey

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BEFORE = AT - timedelta(days=3)
DONE = {"type": "exit", "reason": "done"}
HELLO = {"type": "send", "template": "hello", "channels": ["email", "sms"], "next": "done"}
PAUSE = {"type": "wait", "for": "P1D", "next": "done"}


def document(node: dict[str, Any], **frame: Any) -> Document:
    """A journey that begins at the node `it`."""
    nodes = {"it": node, "hello": HELLO, "pause": PAUSE, "done": DONE, "called": {**DONE, "enter": "welcome"}}
    return Document.model_validate(journey(start="it", nodes=nodes, **frame))


def walker(**known: Any) -> Walker:
    return Walker(**{"profile_id": "prf_1", "key": "", "entered_at": BEFORE, **known})


def knowing(**known: Any) -> Seen:
    return Seen(Standing(profile_id="prf_1", version=1, at=BEFORE, **known))


def move(node: dict[str, Any], seen: Seen | None = None, /, *, over: bool = False, **known: Any) -> Move:
    return act(document(node), "it", walker(**known), seen or Seen(), AT, over=over)


def test_a_send_asks_for_a_message_and_goes_on_with_the_others() -> None:
    assert move({**HELLO, "next": "pause"}) == Move(AskMessage("hello", ("email", "sms")))


def test_whoever_would_come_to_an_exit_is_out_already() -> None:
    assert move(HELLO).to == Out("done")
    assert move({**HELLO, "next": "called"}).to == Out("done", "welcome")


def test_a_message_is_worth_something_for_so_long() -> None:
    asked = move({**HELLO, "expires": "PT2H", "proposition": "loan"}).ask
    assert asked == AskMessage("hello", ("email", "sms"), AT + timedelta(hours=2), "loan")


def test_tasks_and_webhooks_are_asked_for() -> None:
    task = {"type": "task", "kind": "call", "title": "Call them", "owner": "sales", "next": "hello"}
    assert move(task).ask == AskTask("call", "Call them", "sales")
    assert move({"type": "webhook", "sink": "crm", "next": "hello"}).ask == AskWebhook("crm")


def test_an_update_sets_what_is_known_and_leaves_out_what_is_not() -> None:
    node = {
        "type": "update",
        "traits": {"a": 1, "b": "fact:orders", "c": "fact:walk.cart", "d": "fact:none", "e": False},
        "next": "hello",
    }
    asked = move(node, knowing(facts={"orders": 3}), kept={"cart": "c-7"}).ask
    assert asked == AskUpdate({"a": 1, "b": 3, "c": "c-7", "e": False})
    assert move({**node, "traits": {"d": "fact:none"}}).ask is None


@pytest.mark.parametrize(
    ("when", "known", "kept"),
    [
        ({"fact": "orders", "gte": 2}, {"facts": {"orders": 2}}, {}),
        ({"fact": "walk.size", "gte": 2}, {}, {"size": 2}),
        ({"score": "heat", "gt": 10}, {"scores": {"heat": 11.0}}, {}),
        ({"segment": "vip"}, {"segments": ["vip"]}, {}),
        ({"stage": "life", "eq": "new"}, {"stages": {"life": {"": "new"}}}, {}),
        ({"fit": "bank", "in": ["A", "B"]}, {"fits": {"bank": "B"}}, {}),
        ({"cell": "next", "eq": "hot:A"}, {"cells": {"next": "hot:A"}}, {}),
        (
            {"all": [{"trait": "country", "eq": "NL"}, {"none": [{"fact": "orders", "gte": 1}]}]},
            {"segments": [watch_of({"trait": "country", "eq": "NL"})]},
            {},
        ),
        (
            {"stage": "life", "eq": "new", "longer_than": "P3D"},
            {"segments": [watch_of({"stage": "life", "eq": "new", "longer_than": "P3D"})]},
            {},
        ),
    ],
)
def test_a_branch_takes_whom_its_condition_holds_for(when: Any, known: Any, kept: Any) -> None:
    node = {"type": "branch", "branches": [{"when": when, "next": "pause"}], "default": "hello"}
    assert move(node, knowing(**known), kept=kept).to == Away("pause", AT)
    assert move(node, knowing()).to == INLINE
    assert move(node).to == INLINE


def test_the_first_arm_that_holds_takes_the_person() -> None:
    arms = [
        {"when": {"fact": "orders", "gte": 2}, "next": "done"},
        {"when": {"fact": "orders", "gte": 1}, "next": "hello"},
    ]
    node = {"type": "branch", "branches": arms, "default": "pause"}
    assert move(node, knowing(facts={"orders": 1})).to == Away("hello", AT)
    assert move(node, knowing(facts={"orders": 2})).to == Out("done")


SPLIT = {
    "type": "split",
    "seed": "spring",
    "arms": [
        {"name": "a", "percent": 20, "next": "hello"},
        {"name": "b", "percent": 70, "next": "pause"},
        {"name": "none", "percent": 10, "next": "done", "holdout": True},
    ],
}


def arms_of(seen: Seen, node: dict[str, Any], people: int) -> list[str]:
    here = document(node)
    moves = [act(here, "it", walker(profile_id=f"prf_{i}"), seen, AT) for i in range(people)]
    return [one.memory.arms["it"] for one in moves if one.memory]


def test_a_split_gives_each_arm_its_share_and_each_person_the_same_arm() -> None:
    """Within four standard deviations of 20,000 throws."""
    taken = arms_of(Seen(), SPLIT, 20_000)
    assert taken == arms_of(Seen(), SPLIT, 20_000)
    for name, percent in {"a": 20, "b": 70, "none": 10}.items():
        assert (
            abs(Counter(taken)[name] - 200 * percent) < 4 * (20_000 * percent * (100 - percent)) ** 0.5 / 100
        )


def test_splits_without_a_seed_of_their_own_are_independent() -> None:
    node = {**SPLIT, "seed": None}
    both = zip(arms_of(Seen(), SPLIT, 5_000), arms_of(Seen(), node, 5_000), strict=True)
    assert Counter(both)[("a", "a")] == pytest.approx(200, abs=60)


def test_the_winner_takes_everybody_but_the_control_group() -> None:
    before, after = arms_of(Seen(), SPLIT, 1_000), arms_of(Seen(winners={"it": "a"}), SPLIT, 1_000)
    assert {(old, new) for old, new in zip(before, after, strict=True)} == {
        ("a", "a"),
        ("b", "a"),
        ("none", "none"),
    }


def test_whoever_has_an_arm_keeps_it() -> None:
    again = move(SPLIT, Seen(winners={"it": "a"}), memory=Memory(arms={"it": "b"}))
    assert again == Move(to=Away("pause", AT))


ROTATION = {
    "type": "rotation",
    "templates": ["one", "two"],
    "channels": ["email"],
    "next": "pause",
    "exhausted": "done",
}


def test_a_rotation_sends_what_this_person_has_not_had() -> None:
    first = move(ROTATION)
    assert first.ask == AskMessage("one", ("email",))
    assert first.memory
    next_walk = memory_of_next(first.memory)
    second = move(ROTATION, memory=next_walk)
    assert second.ask == AskMessage("two", ("email",))
    assert second.memory
    assert move(ROTATION, memory=second.memory) == Move(to=Out("done"))


def test_a_person_of_two_walks_has_had_what_either_had() -> None:
    memory = shared_memory(Memory(had={"it": ("two",)}), Memory(had={"it": ("one", "two"), "x": ("y",)}))
    assert memory.had == {"it": ("two", "one"), "x": ("y",)}


JUMP = {"type": "jump", "to": "pause", "at_most": 2, "otherwise": "hello"}


def test_a_jump_goes_back_so_often_and_each_lap_asks_under_its_own_name() -> None:
    memory, names = Memory(), []
    for _ in range(2):
        names.append(request_name("hello", memory))
        back = move(JUMP, memory=memory)
        assert back.to == Away("pause", AT)
        assert back.memory
        memory = back.memory
    assert [*names, request_name("hello", memory)] == ["hello", "hello.1", "hello.2"]
    assert move(JUMP, memory=memory) == Move()


WAIT_FOR = {
    "type": "wait_for",
    "event": "Paid",
    "key": "order",
    "keep": ["amount"],
    "timeout": "P7D",
    "next": "hello",
    "otherwise": "pause",
}
PAID = listener_of(WaitFor.model_validate(WAIT_FOR)).name


def test_whoever_has_not_heard_stays_and_then_goes_on_otherwise() -> None:
    assert move(WAIT_FOR) == Move(to=INLINE)
    assert move(WAIT_FOR, over=True) == Move(to=INLINE)
    assert move({**WAIT_FOR, "otherwise": "done"}).to == INLINE
    assert move({**WAIT_FOR, "otherwise": "done"}, over=True).to == Out("done")


@pytest.mark.parametrize("over", [False, True])
def test_what_happened_before_they_came_counts(over: bool) -> None:
    """F29: the event may be told before the wait, during it, or while it ends."""
    heard = {PAID: AT - timedelta(hours=1)}
    assert move(WAIT_FOR, over=over, heard=heard).to == Away("hello", AT)


def test_only_what_happened_at_the_node_counts_where_it_says_so() -> None:
    node = {**WAIT_FOR, "since": "node"}
    heard = {PAID: AT - timedelta(hours=1)}
    assert move(node, heard=heard).to == INLINE
    assert move(node, over=True, heard=heard, since=AT - timedelta(hours=2)).to == Away("hello", AT)
    assert move(node, over=True, heard=heard, since=AT - timedelta(hours=1)).to == INLINE


def test_an_event_wakes_whoever_waits_for_it_at_the_end_of_the_minute() -> None:
    here, heard = document(WAIT_FOR), walker(heard={PAID: AT})
    later = AT + timedelta(seconds=20)
    assert wake(here, "it", heard, Seen(), PAID, later) == Move(to=Away("hello", AT + timedelta(minutes=1)))
    assert wake(here, "it", heard, Seen(), "other", later) is None
    assert wake(here, "hello", heard, Seen(), PAID, later) is None
    alone = document(WAIT_FOR, admission="PT0S")
    assert wake(alone, "it", heard, Seen(), PAID, later) == Move(to=Away("hello", later))


def test_a_condition_that_holds_already_is_not_waited_for() -> None:
    when = {"trait": "plan", "eq": "pro"}
    node = {"type": "wait_for", "when": when, "timeout": "P1D", "next": "done", "otherwise": "hello"}
    assert move(node, knowing(segments=[watch_of(when)])).to == Out("done")
    assert move({**node, "since": "node"}, knowing(segments=[watch_of(when)])).to == INLINE


def test_events_of_another_matter_do_not_concern_a_walk() -> None:
    assert concerns(True, "order-1", walker(key="order-1"))
    assert not concerns(True, "order-2", walker(key="order-1"))
    assert concerns(True, "order-2", walker())
    assert concerns(False, "", walker(key="order-1"))


def test_a_survey_asks_and_its_answer_is_kept_under_its_name() -> None:
    node = {
        "type": "survey",
        "survey": "happy",
        "question": "nps",
        "template": "how_was_it",
        "channels": ["email"],
        "next": "hello",
        "otherwise": "pause",
    }
    here = document(node)
    signal = listener_of(here.nodes["it"]).name  # type: ignore[arg-type]
    assert move(node) == Move(AskMessage("how_was_it", ("email",)))
    answered = walker(heard={signal: AT + timedelta(minutes=5)}, since=AT)
    woken = wake(here, "it", answered, Seen(), signal, AT + timedelta(minutes=5))
    assert woken == Move(to=Away("hello", AT + timedelta(minutes=5)))
    assert remembered(here, signal, {"score": 9}) == {"it.score": 9}
    assert move(node, heard={signal: BEFORE}).to == INLINE


def test_a_wait_keeps_what_it_says() -> None:
    assert remembered(document(WAIT_FOR), PAID, {"amount": 9, "card": "x"}) == {"amount": 9}


def until(**node: Any) -> dict[str, Any]:
    return {"type": "wait_until", "next": "hello", "zone": "UTC", **node}


def test_waiting_for_a_date_is_everybody_for_themselves() -> None:
    assert move(until(date="2026-03-05T09:00")).to == Away(
        "it", datetime(2026, 3, 5, 9, tzinfo=UTC), over=True
    )
    assert move(until(date="2026-03-05T09:00"), over=True).to == INLINE
    assert move(until(date="2026-01-05T09:00")).to == Away("it", AT, over=True)


def test_a_date_of_the_walk_moves_and_whoever_waits_moves_with_it() -> None:
    """001-11: a moved delivery date re-plans the send."""
    node = until(
        date="fact:walk.delivery", offset="-P1D", at="09:00", zone="Europe/Amsterdam", missing="done"
    )
    here = document(node)
    first = act(here, "it", walker(kept={"delivery": "2026-04-02"}), Seen(), AT)
    assert first.to == Away("it", datetime(2026, 4, 1, 7, tzinfo=UTC), over=True)  # summer time
    second = wake(here, "it", walker(kept={"delivery": "2026-03-10"}), Seen(), "", AT)
    assert second == Move(to=Away("it", datetime(2026, 3, 9, 8, tzinfo=UTC), over=True))
    assert wake(here, "it", walker(), Seen(), "", AT) == Move(to=Out("done"))


@pytest.mark.parametrize("value", [None, "soon", 12, "2026-13-01", ["2026-03-05"]])
def test_whoever_has_no_such_date_goes_elsewhere(value: Any) -> None:
    node = until(date="trait:birthday", missing="hello")
    assert act(document(node), "it", walker(), Seen(traits={"birthday": value}), AT).to == Away("hello", AT)


def test_times_are_where_the_person_is() -> None:
    node = until(at="09:00", zone="person")
    here = document(node, zone="Europe/London")
    for zone, hour in {"America/New_York": 14, "Nowhere/Land": 9, None: 9}.items():
        seen = Seen(traits={"timezone": zone})
        day = 2 if hour > 12 else 3
        assert act(here, "it", walker(), seen, AT).to == Away(
            "it", datetime(2026, 3, day, hour, tzinfo=UTC), over=True
        )


def test_nobody_walks_through_doors_that_are_shut() -> None:
    """However late they are woken."""
    node = until(hours={"from": "09:00", "to": "17:00", "days": ["mon"]})  # AT is a Monday
    assert move(node).to == Away("it", AT, over=True)
    here, evening = document(node), AT + timedelta(hours=7)
    next_monday = datetime(2026, 3, 9, 9, tzinfo=UTC)
    assert act(here, "it", walker(), Seen(), evening).to == Away("it", next_monday, over=True)
    assert act(here, "it", walker(), Seen(), evening, over=True).to == Away("it", next_monday, over=True)
    assert act(here, "it", walker(), Seen(), next_monday, over=True).to == INLINE


def test_whoever_is_sent_to_wait_for_a_date_alone_is_put_where_they_wait() -> None:
    nodes = {
        "it": {
            "type": "branch",
            "branches": [{"when": {"fact": "orders", "gte": 1}, "next": "day"}],
            "default": "hello",
        },
        "day": until(date="2026-03-05T09:00"),
        "hello": HELLO,
        "done": DONE,
    }
    here = Document.model_validate(journey(start="it", nodes=nodes))
    gone = act(here, "it", walker(), knowing(facts={"orders": 1}), AT)
    assert gone.to == Away("day", datetime(2026, 3, 5, 9, tzinfo=UTC), over=True)


def test_an_exit_and_a_wait_are_no_more_than_ways_on() -> None:
    assert move({**DONE, "enter": "welcome"}).to == Out("done", "welcome")
    assert move(PAUSE).to == Out("done")
    assert move({**PAUSE, "next": "hello"}).to == INLINE
