"""Habits out of a past: at which hours somebody reacts, and to which tone."""

from __future__ import annotations

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.analysis.evidence import Share
from services.scoring.domain.analysis.habits import habits_of
from services.scoring.domain.analysis.next_best import Habits
from services.shared.contracts.ingest import CustomerEvent
from tests.unit.scoring.builders import event, on

TONES = {"warm": ["hello", "cheers"], "plain": ["notice"]}


def sent(name: str, message: str, template: str, at: str = "1997-01-01T09:00") -> CustomerEvent:
    return event(name, at, email_id=message, template=template)


def test_opens_clicks_and_visits_count_by_local_hour() -> None:
    amsterdam = ZoneInfo("Europe/Amsterdam")
    past = [
        event("Email Opened", "1997-01-01T08:30"),
        event("Email Link Clicked", "1997-07-01T07:30"),
        event("Home", "1997-01-01T19:00", kind="page"),
        event("Email Delivered", "1997-01-01T03:00"),
        event("Order Completed", "1997-01-01T04:00"),
        event("Email Opened", "1997-01-01T05:00", kind="page"),
    ]
    assert habits_of(past, amsterdam, {}) == Habits({6: 1, 9: 2, 20: 1}, {})
    assert habits_of(past, UTC, {}) == Habits({5: 1, 7: 1, 8: 1, 19: 1}, {})


def test_a_tone_is_answered_by_clicks_and_replies_once_a_message() -> None:
    past = [
        sent("Email Delivered", "a", "hello"),
        sent("Email Link Clicked", "a", "hello"),
        sent("Email Link Clicked", "a", "hello"),
        sent("Email Delivered", "b", "cheers"),
        sent("Email Opened", "b", "cheers"),
        sent("Email Replied", "c", "notice"),
        sent("Email Delivered", "d", "unknown"),
        event("Email Delivered", "1997-01-01"),
        event("Email Delivered", "1997-01-01", template=["hello"], email_id=7),
    ]
    tones = {tone: set(templates) for tone, templates in TONES.items()}
    assert habits_of(past, UTC, tones).tones == {"warm": Share(1, 2), "plain": Share(1, 1)}


names = st.sampled_from(["Email Delivered", "Email Opened", "Email Link Clicked", "Order Completed"])
events = st.lists(
    st.builds(
        lambda n, name, message, template, minutes: CustomerEvent(
            message_id=f"e{n}",
            type="track",
            name=name,
            at=on("1997-01-01") + timedelta(minutes=minutes),
            properties={"email_id": message, "template": template},
        ),
        st.integers(),
        names,
        st.sampled_from("abc"),
        st.sampled_from(["hello", "cheers", "notice", "other"]),
        st.integers(0, 5_000),
    ),
    unique_by=lambda one: one.message_id,
    max_size=12,
)


@given(events, st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_any_order_and_repetition_come_to_the_same(past: list[CustomerEvent], random: object) -> None:
    """F1 and F2: events are told again and late."""
    found = habits_of(past, UTC, TONES)
    turned = past + past[: len(past) // 2]
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert habits_of(turned, UTC, TONES) == found
    assert all(share.hits <= share.of for share in found.tones.values())
