"""What changes of messages mean to others."""

from __future__ import annotations

from dataclasses import replace

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


def test_removals_and_people_without_profile_make_no_events() -> None:
    unknown = replace(BASE, profile_id="")
    opened = replace(unknown, marks={"opened": "2026-03-01T13:00:00.000Z"})
    effects = effects_of([(unknown, opened), (opened, None)])

    assert effects.events == []


def test_the_first_complaint_of_a_message_is_told_with_what_it_was_sent_for() -> None:
    sent = replace(BASE, status="sent", purpose="news", message_class="commercial", address_key="adr_1")
    once = replace(sent, marks={"complained": "2026-03-02T12:00:00.000Z"})
    again = replace(once, marks={**once.marks, "opened": "2026-03-02T13:00:00.000Z"})
    service = replace(once, message_class="service", purpose="")
    (told,) = effects_of([(sent, once), (once, again)]).complaints
    assert (told.send_id, told.address_key, told.channel, told.purpose) == ("snd_1", "adr_1", "email", "news")
    assert [one.purpose for one in effects_of([(sent, service)]).complaints] == [""]
    assert effects_of([(None, replace(once, address_key=""))]).complaints == []


def test_an_arrival_comes_along_with_what_is_done_first_about_the_message() -> None:
    arrived = replace(BASE, marks={"delivered": "2026-03-01T12:00:05.000Z"})
    opened = replace(arrived, marks={**arrived.marks, "opened": "2026-03-01T13:00:00.000Z"})
    unsubscribed = replace(opened, marks={**opened.marks, "unsubscribed": "2026-03-01T14:00:00.000Z"})

    def names(*changes: tuple[Message | None, Message]) -> list[str]:
        return [event["event"] for event in effects_of(changes).events]

    assert names((BASE, arrived)) == ["Email Delivered"]
    assert names((arrived, opened)) == ["Email Opened", "Email Delivered"]
    assert names((opened, unsubscribed)) == ["Unsubscribed"]
    assert names((BASE, arrived), (arrived, opened)) == ["Email Delivered", "Email Opened"]
    first, (_, again) = effects_of([(BASE, arrived)]).events, effects_of([(arrived, opened)]).events
    assert first == [again]
    assert names((arrived, replace(arrived, marks={**arrived.marks, "delayed": "x"}))) == []
