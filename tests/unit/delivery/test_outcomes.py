"""What changes of messages mean: counts add up however a message got where it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.delivery.domain.message import Message
from services.delivery.domain.outcomes import effects_of

BASE = Message(
    send_id="snd_1",
    template="news",
    channels=("email",),
    channel="email",
    journey="welcome",
    profile_id="prf_1",
    requested_at="2026-03-01T12:00:00.000Z",
    updated_at="2026-03-01T12:00:00.000Z",
)
STATES = st.sampled_from(
    [
        ("pending", ""),
        ("claimed", ""),
        ("unknown", "timeout"),
        ("sent", ""),
        ("failed", "unknown_outcome"),
        ("failed", "rejected"),
        ("skipped", "no_consent"),
    ]
)


@given(st.lists(st.tuples(STATES, st.integers(1, 9)), min_size=1, max_size=8))
@settings(max_examples=50)
def test_counts_are_where_the_message_stands_now(walk: list[tuple[tuple[Any, str], int]]) -> None:
    steps = [BASE]
    for (status, reason), day in walk:
        seen = steps[-1]
        if (seen.status, seen.reason) != (status, reason):
            at = f"2026-03-0{day}T12:00:00.000Z"
            steps.append(replace(seen, status=status, reason=reason, updated_at=at))
    effects = effects_of(zip([None, *steps], steps, strict=False))

    total: dict[str, int] = {}
    for numbers in effects.counts.values():
        for name, amount in numbers.items():
            total[name] = total.get(name, 0) + amount
    last = steps[-1]
    expected = {"requested": 1}
    if last.status in ("sent", "failed", "skipped"):
        expected[last.status] = 1
    if last.status == "skipped":
        expected["skipped_no_consent"] = 1
    assert {n: a for n, a in total.items() if a} == expected


def test_removals_and_people_without_profile_make_no_events() -> None:
    unknown = replace(BASE, profile_id="")
    opened = replace(unknown, marks={"opened": "2026-03-01T13:00:00.000Z"})
    effects = effects_of([(unknown, opened), (opened, None)])

    assert effects.events == []
    assert [dict(numbers) for numbers in effects.counts.values()] == [{"opened": 1}]


def test_the_first_complaint_of_a_message_is_told_with_what_it_was_sent_for() -> None:
    sent = replace(BASE, status="sent", purpose="news", message_class="commercial", address_key="adr_1")
    once = replace(sent, marks={"complained": "2026-03-02T12:00:00.000Z"})
    again = replace(once, marks={**once.marks, "opened": "2026-03-02T13:00:00.000Z"})
    service = replace(once, message_class="service", purpose="")
    (told,) = effects_of([(sent, once), (once, again)]).complaints
    assert (told.send_id, told.address_key, told.channel, told.purpose) == ("snd_1", "adr_1", "email", "news")
    assert [one.purpose for one in effects_of([(sent, service)]).complaints] == [""]
    assert effects_of([(None, replace(once, address_key=""))]).complaints == []
