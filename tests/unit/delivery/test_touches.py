"""Which opens and clicks are a person's, and that no order or repetition of reports changes it. F2, F18, F19."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.delivery.domain import protocol
from services.delivery.domain.feedback import Feedback
from services.delivery.domain.message import Message
from services.delivery.domain.outcomes import effects_of
from services.delivery.domain.reports.rows import added
from services.delivery.domain.touches import MOST, TRAP

SENT = datetime(2026, 3, 1, 23, 59, 50, tzinfo=UTC)
DELIVERED = SENT + timedelta(seconds=5)
MESSAGE = Message(
    send_id="snd_1",
    template="news",
    channels=("email",),
    channel="email",
    requested_at="2026-03-01T23:59:00.000Z",
    profile_id="prf_1",
    status="sent",
    address_key="adr_1",
)


def report(kind: str, seconds: float, who: str = "person", link: str = "", cause: str = "") -> Feedback:
    """`seconds` after it was delivered."""
    return Feedback(kind, "snd_1", "p1", DELIVERED + timedelta(seconds=seconds), cause, who, link)


def told(*reports: Feedback) -> Message:
    message = MESSAGE
    for one in reports:
        message = protocol.fed_back(message, one) or message
    return message


def of(*reports: Feedback) -> set[str]:
    return set(told(*reports).marks)


A, B, C, D = (f"https://shop.example.com/{name}" for name in "abcd")
ARRIVED = report("delivered", 0)


@pytest.mark.capability("000-34")
@pytest.mark.parametrize(
    ("reports", "marks"),
    [
        ([report("opened", 60)], {"opened"}),
        ([report("opened", 60, "proxy")], {"machine_opened"}),
        ([report("opened", 60, "proxy"), report("opened", 90)], {"machine_opened", "opened"}),
        ([report("opened", 1)], {"machine_opened"}),
        ([report("opened", -3)], {"machine_opened"}),
        ([report("clicked", 1.999, link=A)], {"machine_clicked"}),
        ([report("clicked", 2, link=A)], {"clicked"}),
        ([report("clicked", 60, "machine", A)], {"machine_clicked"}),
        ([report("clicked", 60, link=A), report("clicked", 61, link=B)], {"clicked"}),
        ([report("clicked", 60 + n, link=x) for n, x in enumerate((A, B, C))], {"clicked"}),
        ([report("clicked", 60 + n / 2, link=x) for n, x in enumerate((A, B, C))], {"machine_clicked"}),
        (
            [report("clicked", 60 + n / 2, link=x) for n, x in enumerate((A, B, C))] + [report("clicked", 600, link=A)],
            {"machine_clicked", "clicked"},
        ),
        ([report("clicked", 60, link=A), report("clicked", 100, TRAP)], {"machine_clicked"}),
        ([report("clicked", 60, link=A), report("clicked", 500, TRAP)], {"machine_clicked", "clicked"}),
    ],
)  # fmt: skip
def test_what_people_and_machines_do(reports: list[Feedback], marks: set[str]) -> None:
    assert of(ARRIVED, *reports) == {"delivered", *marks}
    assert of(*reversed(reports), ARRIVED) == {"delivered", *marks}


def test_without_word_of_the_delivery_only_the_agent_speaks() -> None:
    assert of(report("opened", 1)) == {"opened"}
    assert of(report("opened", 1, "machine")) == {"machine_opened"}


def test_what_a_machine_did_is_taken_back_and_no_event_is_told_of_it() -> None:
    """F18: the report of the delivery comes last, and shows that the open counted by then was a machine's."""
    early, seen = told(report("opened", 1)), Counter[str]()
    late = protocol.fed_back(early, ARRIVED)
    assert late
    for rows in (added(MESSAGE, early), added(early, late)):
        for numbers in rows.values():
            seen.update(numbers)
    assert {n: a for n, a in seen.items() if a} == {"delivered": 1, "machine_opened": 1}
    assert [e["event"] for e in effects_of([(MESSAGE, late)]).events] == ["Email Delivered"]


def test_each_link_that_a_person_clicked_is_one_event() -> None:
    message = told(
        ARRIVED, report("clicked", 60, link=A), report("clicked", 61, link=A), report("clicked", 99, link=B)
    )
    events = effects_of([(told(ARRIVED), message)]).events
    clicks = [e["properties"]["link_url"] for e in events if "link_url" in e["properties"]]
    assert clicks == [A, B]
    assert len({e["messageId"] for e in events}) == 3  # and the arrival, which comes along
    assert effects_of([(message, replace(message, marks={**message.marks, "delayed": "x"}))]).events == []


@st.composite
def reports(draw: st.DrawFn) -> list[Feedback]:
    kinds = [
        "accepted",
        "delivered",
        "bounced",
        "soft_bounced",
        "complained",
        "opened",
        "clicked",
        "rejected",
    ]
    return [
        report(
            kind := draw(st.sampled_from(kinds)),
            draw(st.sampled_from([-2, 0, 1, 3, 30, 31, 32, 90_000])),
            draw(st.sampled_from(["person", "proxy", "machine", TRAP])) if kind == "clicked" else "person",
            draw(st.sampled_from([A, B, C, D])) if kind == "clicked" else "",
            draw(st.sampled_from(["Permanent/General", "Transient/MailboxFull"]))
            if "bounced" in kind
            else "",
        )
        for _ in range(draw(st.integers(1, 8)))
    ]


def state(message: Message) -> tuple[object, ...]:
    return (
        message.status,
        message.reason,
        dict(message.marks),
        message.touches,
        dict(message.links),
        message.bounce,
    )


@settings(max_examples=80, deadline=None)
@given(reports(), st.randoms(use_true_random=False))
def test_any_order_and_fifty_times_is_the_same_message_and_the_same_counts(
    told_once: list[Feedback], chance
) -> None:  # type: ignore[no-untyped-def]
    """F2, F19: the counters follow every step and end where one look at the end would have put them, day by day."""
    many = [*told_once * 2, *[chance.choice(told_once)] * 46]
    chance.shuffle(many)
    message, counts = MESSAGE, Counter[tuple[str, str]]()
    for one in many:
        new = protocol.fed_back(message, one) or message
        for key, numbers in added(message, new).items():
            counts.update({(key.day, name): amount for name, amount in numbers.items()})
        message = new
    at_once = Counter[tuple[str, str]]()
    for key, numbers in added(MESSAGE, told(*told_once)).items():
        at_once.update({(key.day, name): amount for name, amount in numbers.items()})
    marks = {name for _, name in counts} - {"sent", "units", "failed"}
    assert state(message) == state(told(*told_once))
    assert {k: a for k, a in counts.items() if a and k[1] in marks} == {
        k: a for k, a in at_once.items() if a and k[1] in marks
    }


def test_no_number_of_touches_makes_a_message_grow() -> None:
    clicks = [report("clicked", 10 * n, link=f"{A}?{n}") for n in range(3 * MOST)]
    forth, back = told(*clicks), told(*reversed(clicks))
    assert len(forth.touches) == MOST
    assert (forth.touches, forth.marks) == (back.touches, back.marks)
