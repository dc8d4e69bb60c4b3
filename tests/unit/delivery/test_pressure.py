"""How often: laws of caps, gap and arbitration over sliding windows, with concurrent workers that race each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from benchmarks.sizes import item_size
from services.delivery.domain.choice import Choice, Skip, Standing
from services.delivery.domain.contact import contact_of
from services.delivery.domain.message import Message
from services.delivery.domain.pressure.gate import weigh
from services.delivery.domain.pressure.ledger import ROOM, UNIT, Ledger, bid_of, read, written
from services.delivery.domain.pressure.policy import InForce, PressurePolicy, default_policy
from services.delivery.domain.wishes import Held
from services.delivery.use_cases.send_messages import ATTEMPT
from services.shared.aws.attributes import encode
from services.shared.clock import to_iso
from services.shared.ids import new_id, stable_id

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def message(send: str, asked: datetime = NOON, **fields: Any) -> Message:
    base: dict[str, Any] = {
        "send_id": send,
        "template": "news",
        "channels": ("email",),
        "requested_at": to_iso(asked),
        "profile_id": "prf_1",
        "message_class": "commercial",
        "purpose": "newsletter",
        "channel": "email",
    }
    return Message(**base | fields)


def policy(**rules: Any) -> InForce:
    return InForce(PressurePolicy.model_validate(rules), 1)


def verdict(
    in_force: InForce, one: Message, ledger: Ledger, now: datetime, **traits: Any
) -> Choice | Skip | Held:
    choice = Choice(one.channel, Standing("a@b.nl", "key"), "cns_1", ())
    contact = contact_of("prf_1", 1, {"email": "a@b.nl", **traits})
    return weigh(in_force, one, choice, ledger, contact, now)


def sent(ledger: Ledger, one: Message, at: datetime) -> Ledger:
    return ledger.touched(bid_of(one, one.channel), at)


class Person:
    """One person's messages and ledger; workers read, and write only on what they read."""

    def __init__(self, in_force: InForce, messages: list[Message]) -> None:
        self.in_force = in_force
        self.ledger = Ledger()
        self.waiting = {one.send_id: one for one in messages}
        self.due = {one.send_id: datetime.fromisoformat(one.requested_at) for one in messages}
        self.sent: list[tuple[datetime, Message]] = []
        self.dropped: dict[str, str] = {}

    def run(self, now: datetime, order: list[int]) -> None:
        """All that is due, each by a worker of its own, interleaved by `order`."""
        open_ = [send for send in self.waiting if self.due[send] <= now]
        read_at: dict[str, Ledger] = {}
        turns = iter(order)
        while open_:
            send = open_[next(turns, 0) % len(open_)]
            if send not in read_at:
                read_at[send] = self.ledger
            elif self._write(send, read_at.pop(send), now):
                open_.remove(send)

    def _write(self, send: str, seen: Ledger, now: datetime) -> bool:
        one = self.waiting[send]
        found = verdict(self.in_force, one, seen, now)
        if isinstance(found, Skip):
            self.dropped[send] = found.reason
            self.ledger = self._next(self.ledger.without(bid_of(one, one.channel).send))
            del self.waiting[send]
            return True
        if isinstance(found, Held):
            self.due[send] = found.until
            self.ledger = self._next(self.ledger.waiting(bid_of(one, one.channel), found.until, now))
            return True
        if self.ledger != seen:
            return False
        self.ledger = self._next(sent(seen, one, now))
        self.sent.append((now, one))
        del self.waiting[send]
        return True

    def _next(self, ledger: Ledger) -> Ledger:
        return replace(ledger, revision=self.ledger.revision + 1)


POLICIES = st.sampled_from(
    [
        {"caps": [{"count": 2, "within": "PT1H"}, {"count": 3, "within": "PT3H", "then": "hold"}]},
        {"caps": [{"count": 1, "within": "PT1H", "channel": "sms", "then": "hold"}], "minimum_gap": "PT7M"},
        {"arbitration": {"window": "PT10M"}, "caps": [{"count": 3, "within": "PT1H", "then": "hold"}]},
        {"arbitration": {"window": "PT10M", "loser": "expire"}, "minimum_gap": "PT5M"},
        {"minimum_gap": "PT15M", "caps": [{"count": 4, "within": "PT2H", "purpose": "newsletter"}]},
    ]
)
ASKED = st.lists(
    st.tuples(st.integers(0, 90), st.integers(0, 2), st.sampled_from(["email", "sms"]), st.booleans()),
    min_size=2,
    max_size=9,
)


@settings(max_examples=80, deadline=None)
@given(POLICIES, ASKED, st.lists(st.integers(0, 8), max_size=60))
def test_no_window_holds_too_many_and_no_gap_is_too_short(
    rules: dict[str, Any], asked: list[tuple[int, int, str, bool]], order: list[int]
) -> None:
    """F1, F11: whoever works on the person's messages at the same time, in whatever order."""
    in_force = policy(**rules)
    person = Person(
        in_force,
        [
            message(
                f"snd_{n}",
                NOON + at * MINUTE,
                priority=priority,
                channel=channel,
                **({"message_class": "service", "purpose": ""} if service else {}),
            )
            for n, (at, priority, channel, service) in enumerate(asked)
        ],
    )
    for minute in range(0, 500, 5):
        person.run(NOON + minute * MINUTE, order[minute % 7 :])
    assert person.waiting == {}
    assert len(person.sent) + len(person.dropped) == len(asked)
    went = [(at, one) for at, one in person.sent if one.is_commercial]
    for cap in in_force.policy.caps:
        counted = [
            at
            for at, one in went
            if cap.channel in (None, one.channel) and cap.purpose in (None, one.purpose)
        ]
        assert all(sum(at - cap.span < other <= at for other in counted) <= cap.count for at in counted)
    times = [at for at, _ in went]
    assert all(b - a >= in_force.policy.gap for a, b in pairwise(times))
    service = [n for n, (*_, is_service) in enumerate(asked) if is_service]
    assert {f"snd_{n}" for n in service} == {one.send_id for _, one in person.sent if not one.is_commercial}


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2)), min_size=2, max_size=7),
    st.sampled_from(["wait", "expire"]),
    st.lists(st.integers(0, 6), max_size=40),
)
def test_of_messages_inside_the_window_the_higher_goes_first(
    asked: list[tuple[int, int]], loser: str, order: list[int]
) -> None:
    """Also where both are worked on at once, and whichever came first; of equals, the one asked for first."""
    window = timedelta(minutes=20)
    person = Person(
        policy(arbitration={"window": "PT20M", "loser": loser}),
        [message(f"snd_{n}", NOON + at * MINUTE, priority=p) for n, (at, p) in enumerate(asked)],
    )
    for minute in range(600):
        person.run(NOON + minute * MINUTE, order[minute % 5 :])
    assert person.waiting == {}
    place = {one.send_id: n for n, (_, one) in enumerate(person.sent)}
    bids = [bid_of(one, "email") for _, one in person.sent]
    for n, later in enumerate(bids):
        for earlier in bids[:n]:
            if abs(later.asked - earlier.asked) < window:  # at its very end either may be first
                assert earlier.rank < later.rank
                assert loser == "wait"
    assert len(place) == len(person.sent)
    if loser == "wait":
        assert person.dropped == {}
    else:
        assert set(person.dropped.values()) <= {"outranked"}
    best = min(
        range(len(asked)), key=lambda n: (-asked[n][1], asked[n][0], bid_of(message(f"snd_{n}"), "").send)
    )
    assert f"snd_{best}" in place


def test_the_one_too_many_is_dropped_or_waits_until_there_is_room() -> None:
    ledger = Ledger()
    for hour in range(3):
        ledger = sent(ledger, message(f"snd_{hour}"), NOON + timedelta(hours=hour))
    now = NOON + timedelta(hours=23)
    dropped = verdict(policy(caps=[{"count": 3, "within": "P1D"}]), message("snd_9"), ledger, now)
    assert isinstance(dropped, Skip)
    assert dropped.reason == "frequency_cap"
    assert dropped.gates[-1]["input"] == "at most 3 in P1D, 3 before it"
    holding = policy(caps=[{"count": 3, "within": "P1D", "then": "hold"}])
    held = verdict(holding, message("snd_9"), ledger, now)
    assert isinstance(held, Held)
    assert held.until == NOON + timedelta(days=1)
    assert isinstance(verdict(holding, message("snd_9"), ledger, held.until), Choice)
    over = message("snd_9", expires_at=to_iso(held.until - MINUTE))
    assert isinstance(verdict(holding, over, ledger, now), Skip)


@pytest.mark.parametrize(
    ("cap", "channel", "message_class", "purpose", "stopped"),
    [
        ({}, "email", "commercial", "newsletter", True),
        ({"channel": "sms"}, "email", "commercial", "newsletter", False),
        ({"channel": "email"}, "email", "commercial", "newsletter", True),
        ({"class": "charity"}, "email", "commercial", "newsletter", False),
        ({"class": "commercial"}, "email", "commercial", "newsletter", True),
        ({"purpose": "offers"}, "email", "commercial", "newsletter", False),
        ({"purpose": "newsletter"}, "sms", "charity", "newsletter", True),
        ({}, "email", "service", "", False),
    ],
)
def test_caps_are_by_channel_class_and_purpose(
    cap: dict[str, Any], channel: str, message_class: str, purpose: str, stopped: bool
) -> None:
    one = {"channel": channel, "message_class": message_class, "purpose": purpose}
    ledger = sent(Ledger(), message("snd_1", **one), NOON)
    found = verdict(
        policy(caps=[{"count": 1, "within": "P1D", **cap}]), message("snd_2", **one), ledger, NOON
    )
    assert isinstance(found, Skip) is stopped


@pytest.mark.parametrize(("counts", "stopped"), [("commercial", False), ("all", True)])
def test_service_messages_are_never_stopped_and_may_take_up_room(counts: str, stopped: bool) -> None:
    in_force = policy(caps=[{"count": 1, "within": "P1D", "counts": counts}], minimum_gap="P1D")
    invoice = {"message_class": "service", "purpose": ""}
    ledger = Ledger()
    for n in range(3):
        found = verdict(in_force, message(f"svc_{n}", **invoice), ledger, NOON)
        assert isinstance(found, Choice)
        assert found.gates[-1]["input"] == "counted, no limit"
        ledger = sent(ledger, message(f"svc_{n}", **invoice), NOON)
    assert isinstance(verdict(in_force, message("snd_1"), ledger, NOON), Skip) is stopped


def test_a_person_s_own_week_slides() -> None:
    ledger = sent(Ledger(), message("snd_1"), NOON)
    week = timedelta(days=7)
    soon = verdict(policy(), message("snd_2"), ledger, NOON + week - MINUTE, frequency=1)
    assert isinstance(soon, Skip)
    assert soon.reason == "weekly_limit"
    assert isinstance(verdict(policy(), message("snd_2"), ledger, NOON + week, frequency=1), Choice)


def test_an_attempt_that_comes_again_is_no_message_more() -> None:
    one = message("snd_1")
    again = sent(sent(Ledger(), one, NOON), one, NOON + MINUTE)
    assert [touch.at for touch in again.touches] == [NOON + MINUTE]
    assert isinstance(verdict(policy(caps=[{"count": 1, "within": "P1D"}]), one, again, NOON), Choice)


ledgers = st.lists(st.tuples(st.integers(0, 50_000), st.integers(0, 30), st.booleans()), max_size=20).map(
    lambda rows: [
        (message(f"snd_{n}", message_class="service" if s else "commercial"), NOON + at * MINUTE)
        for at, n, s in rows
    ]
)


@settings(max_examples=60)
@given(ledgers, ledgers)
def test_joining_forgets_nothing_counts_nothing_twice_and_can_be_told_again(
    ours: list[tuple[Message, datetime]], theirs: list[tuple[Message, datetime]]
) -> None:
    """F30."""
    one, other = Ledger(), Ledger()
    for sent_, at in sorted(ours, key=lambda row: row[1]):
        one = sent(one, sent_, at)
    for sent_, at in sorted(theirs, key=lambda row: row[1]):
        other = sent(other, sent_, at)
    joined = one.joined(other)
    assert joined.joined(other) == joined
    assert {t.bid.send for t in joined.touches} <= {t.bid.send for t in (*one.touches, *other.touches)}
    assert len({t.bid.send for t in joined.touches}) == len(joined.touches)
    assert list(joined.touches) == sorted(joined.touches, key=lambda t: t.at)
    newest = max((t.at for t in (*one.touches, *other.touches)), default=NOON)
    assert {t.bid.send for t in (*one.touches, *other.touches) if t.at + timedelta(days=31) > newest} == {
        t.bid.send for t in joined.touches
    }
    assert {send for _, send in joined.messages()} == {
        *(send for _, send in one.messages()),
        *(t.bid.send for t in other.touches),
    }
    assert read(*written(joined)) == (joined.touches, joined.waits, joined.past)


def month(number: int) -> Ledger:
    ledger = Ledger()
    for n in range(number):
        one = message(stable_id("snd", str(n)), journey="welcome", node="offer")
        ledger = ledger.touched(bid_of(one, "email"), NOON + n * MINUTE, new_id("att")[:ATTEMPT])
    return ledger


def test_a_person_s_month_fits_one_unit_of_a_write() -> None:
    item = {"pk": f"cap#{new_id('prf')}", "sk": "ledger", "since": to_iso(NOON), "active_at": to_iso(NOON)}
    ledger = month(6)
    touches, *_ = written(ledger)
    stored = {**item, "revision": 10_000, "touches": touches, "waits": "", "h18": 12}
    assert item_size(encode(stored)) < 1024
    assert ledger.packed() == (ledger, ())


@given(st.lists(st.integers(0, 90), max_size=30))
def test_what_is_past_stays_in_the_list_until_it_is_put_by(days: list[int]) -> None:
    """Every message is in the ledger or was put by, once, and the ledger goes on fitting one unit."""
    ledger, put_by = Ledger(), list[str]()
    for n, day in enumerate(sorted(days)):
        one = message(stable_id("snd", str(n)))
        ledger, past = ledger.touched(
            bid_of(one, "email"), NOON + timedelta(days=7 * day), "att_12345678"
        ).packed()
        put_by += [send for _, send in past]
        texts = [len("".join(written(one))) for one in (ledger, replace(ledger, past=()))]
        assert texts[0] <= ROOM or texts[0] < texts[1] + UNIT
    listed_ = [send for _, send in ledger.messages()]
    assert sorted([*put_by, *listed_]) == sorted(stable_id("snd", str(n)) for n in range(len(days)))
    assert read(*written(ledger)) == (ledger.touches, ledger.waits, ledger.past)


def test_a_ledger_of_before_is_read() -> None:
    """Rows without attempts, with digests in place of send ids: they count as before, and nothing is found by them."""
    row = '[1772452800000,"8c1f0e2d3b4a",1772452799000,50,"email","commercial","newsletter","aa",1]'
    ((touch,), (wait,), past) = read(f"[{row}]", f"[{row}]")
    assert (touch.at, touch.attempt, touch.bid.send) == (NOON, "", "8c1f0e2d3b4a")
    assert (wait.due, wait.bid) == (NOON, touch.bid)
    assert past == ()


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"caps": [{"count": 0, "within": "P1D"}]}, "caps.0.count"),
        ({"caps": [{"count": 1, "within": "P32D"}]}, "at most P31D"),
        ({"caps": [{"count": 1, "within": "P1M"}]}, "no fixed length"),
        ({"caps": [{"count": 1, "within": "P1D", "class": "service"}]}, "never stopped"),
        ({"minimum_gap": "P40D"}, "at most P31D"),
        ({"arbitration": {"window": "P2D"}}, "at most P1D"),
        ({"hours": {"countries": {"nl": {}}}}, "hours.countries"),
        ({"hours": {"otherwise": {"days": {"mon": "20:00-09:00"}}}}, "within a day"),
        ({"hours": {"unknown": "NL"}}, "one of the countries"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_policy_that_means_nothing_is_refused(rules: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        PressurePolicy.model_validate(rules)


def test_without_a_policy_so_many_go_in_any_day() -> None:
    in_force = InForce(default_policy(2, brakes=False))
    ledger = sent(sent(Ledger(), message("snd_1"), NOON), message("snd_2"), NOON + MINUTE)
    assert isinstance(verdict(in_force, message("snd_3"), ledger, NOON + timedelta(hours=23)), Skip)
    assert isinstance(verdict(in_force, message("snd_3"), ledger, NOON + timedelta(days=1)), Choice)
