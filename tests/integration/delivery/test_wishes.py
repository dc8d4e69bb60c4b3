"""A test for each preference: what a person asked for changes what leaves, through the real handlers and gates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.delivery.handlers import sweep
from tests.integration.delivery.steps import (
    EMAIL,
    PHONE,
    ask,
    call,
    consent,
    given_contact,
    given_templates,
    request,
)
from tests.integration.delivery.test_merged_people import merge
from tests.integration.delivery.world import CLOCK, COMMERCIAL, NOW, Context, World

PREFERENCE = pytest.mark.capability("000-27")
A_DAY = timedelta(days=1)


@pytest.fixture
def ready(world: World) -> World:
    given_templates()
    consent("granted")
    world.fake_senders()
    return world


def wishing(version: int = 1, **traits: Any) -> None:
    given_contact(version=version, **{"email": EMAIL, "phone": PHONE, "firstName": "Ann", **traits})


def fates(world: World, *send_ids: str) -> list[tuple[str, str]]:
    items: list[Mapping[str, Any]] = [world.item(send_id) for send_id in send_ids]
    return [(one["status"], one.get("reason", "")) for one in items]


def swept(by: timedelta) -> None:
    CLOCK.advance(by)
    sweep.handler({}, Context())


@PREFERENCE
def test_a_topic_that_was_ended_is_not_sent(ready: World) -> None:
    wishing()
    consent("revoked", 2)
    ask(request())
    assert fates(ready, "snd_1") == [("skipped", "no_consent")]


@PREFERENCE
def test_the_preferred_channel_comes_first(ready: World) -> None:
    consent("granted", 2, PHONE, "sms")
    wishing(preferredChannel="sms")
    ask(request("snd_1", channels=["preferred"]))
    wishing(2, preferredChannel="email")
    ask(request("snd_2", channels=["preferred"]))
    assert [len(ready.sms.accepted), len(ready.email.accepted)] == [1, 1]


@PREFERENCE
def test_no_more_than_so_many_a_week(ready: World) -> None:
    """The limit slides: what was sent eight days ago does not count any more. Service messages go, uncounted."""
    wishing(frequency=2)
    for day in range(4):
        ask(request(f"snd_{day}"), request(f"svc_{day}", template="confirm"))
        CLOCK.advance(A_DAY)
    assert fates(ready, *(f"snd_{n}" for n in range(4))) == [
        ("sent", ""),
        ("sent", ""),
        ("skipped", "weekly_limit"),
        ("skipped", "weekly_limit"),
    ]
    assert {one for one, _ in fates(ready, *(f"svc_{n}" for n in range(4)))} == {"sent"}
    _, record = call("GET", "/messages/snd_2")
    assert record["gates"][-1] == {
        "gate": "cap",
        "channel": "email",
        "input": "at most 2 in P7D, 2 before it",
        "verdict": "stop",
    }
    CLOCK.advance(3 * A_DAY)
    ask(request("snd_5"), request("snd_6"))
    assert sorted(fates(ready, "snd_5", "snd_6")) == [("sent", ""), ("skipped", "weekly_limit")]


def test_many_requests_at_once_stay_within_the_week(ready: World) -> None:
    """F1, F11: the day's counter decides in the claim's own transaction, whoever reads the week at the same time."""
    wishing(frequency=2)
    ask(*(request(f"snd_{n}") for n in range(10)))
    assert len(ready.email.accepted) == 2


def test_what_a_person_had_this_week_as_another_profile_counts(ready: World) -> None:
    """F30: the loser's counters are the winner's from the merge on."""
    given_contact("prf_2", email=EMAIL)
    wishing(frequency=1)
    ask(request("snd_1", profile_id="prf_2"))
    CLOCK.advance(A_DAY)
    merge("prf_2", "prf_1")
    ask(request("snd_2", node="another"))
    assert fates(ready, "snd_1", "snd_2") == [("sent", ""), ("skipped", "weekly_limit")]


def test_a_message_that_was_throttled_does_not_count_twice(ready: World) -> None:
    """F14."""
    from services.delivery.domain.protocol import Retry

    wishing(frequency=1)
    ready.email.answers = [Retry("throttled"), Retry("throttled")]
    ask(request())
    swept(A_DAY)
    swept(A_DAY)
    assert fates(ready, "snd_1") == [("sent", "")]


@PREFERENCE
def test_in_quiet_hours_a_message_waits_until_they_are_over(ready: World) -> None:
    """It is the same message, once; a request that comes again changes nothing (F1). A service message goes."""
    wishing(quietHours="22:00-08:00", timezone="Europe/Amsterdam")
    CLOCK.advance(timedelta(hours=10))  # 23:00 there
    for _ in range(3):
        ask(request("snd_1"), request("svc_1", template="confirm"))
    assert fates(ready, "snd_1", "svc_1") == [("held", "quiet_hours"), ("sent", "")]
    assert ready.item("snd_1")["gates"][-1]["verdict"] == "stop"
    for _ in range(8):
        swept(timedelta(hours=1))
    assert fates(ready, "snd_1") == [("held", "quiet_hours")]
    swept(timedelta(hours=1, minutes=2))
    assert fates(ready, "snd_1") == [("sent", "")]
    assert [one.send_id for one in ready.email.accepted] == ["svc_1", "snd_1"]
    swept(A_DAY)
    assert len(ready.email.accepted) == 2


def test_what_changes_while_a_message_is_held_counts(ready: World) -> None:
    """F32: withdrawn, paused or bounced meanwhile, it never leaves; nor after its moment."""
    wishing(quietHours="10:00-18:00", timezone="UTC")
    ask(request("snd_1"), request("snd_2", expires_at=NOW + timedelta(hours=2)))
    assert fates(ready, "snd_1", "snd_2") == [("held", "quiet_hours")] * 2
    consent("revoked", 2)
    swept(timedelta(hours=7))
    assert fates(ready, "snd_1", "snd_2") == [("skipped", "no_consent"), ("skipped", "moment_over")]
    assert ready.email.accepted == []


def test_quiet_hours_that_were_lifted_let_a_held_message_go(ready: World) -> None:
    wishing(quietHours="10:00-18:00", timezone="UTC")
    ask(request())
    wishing(2)
    swept(timedelta(hours=6, minutes=2))
    assert fates(ready, "snd_1") == [("sent", "")]


@PREFERENCE
def test_a_message_goes_to_the_address_the_person_has_by_now(ready: World) -> None:
    consent("granted", 2, "ann@example.org")
    consent("granted", 3, "+12025550177", "sms")
    wishing(email="ann@example.org", phone="+1 202 555 0177")
    ask(request("snd_1"), request("snd_2", channels=["sms"]))
    assert [one.to for one in ready.email.accepted] == ["ann@example.org"]
    assert [one.to for one in ready.sms.accepted] == ["+12025550177"]


@PREFERENCE
def test_in_a_pause_nothing_commercial_leaves_and_after_it_all_does(ready: World) -> None:
    wishing(pausedUntil="2026-03-15T23:00:00.000Z")
    ask(request("snd_1"), request("svc_1", template="confirm"))
    CLOCK.advance(14 * A_DAY)
    ask(request("snd_2"))
    CLOCK.advance(A_DAY)
    ask(request("snd_3"))
    assert fates(ready, "snd_1", "svc_1", "snd_2", "snd_3") == [
        ("skipped", "paused"),
        ("sent", ""),
        ("skipped", "paused"),
        ("sent", ""),
    ]


@PREFERENCE
@pytest.mark.parametrize(
    ("locale", "hello"), [("nl", "Dag"), ("nl_BE", "Dag"), ("en", "Hello"), ("fr-FR", "Hello")]
)
def test_a_message_is_in_the_language_of_the_person(ready: World, locale: str, hello: str) -> None:
    dutch = {
        "email": {"subject": "Nieuws", "text": "Dag {{ first_name }}. {{ unsubscribe_url }}"},
        "sms": {"text": "Dag {{ first_name }}"},
    }
    assert call("PUT", "/templates/news", {**COMMERCIAL, "translations": {"nl": dutch}})[0] == 200
    wishing(locale=locale)
    ask(request())
    (mail,) = ready.email.accepted
    assert mail.content.text.startswith(hello)
    footer = "Uw voorkeuren" if hello == "Dag" else "Change your preferences"
    assert footer in mail.content.text


def test_a_translation_keeps_the_rules_of_its_template(ready: World) -> None:
    for translation, said in [
        ({"sms": {"text": "Dag"}}, "must have the channels"),
        ({"email": {"subject": "x", "text": "Dag"}, "sms": {"text": "Dag"}}, "must show unsubscribe_url"),
        (
            {"email": {"subject": "{{", "text": "{{ unsubscribe_url }}"}, "sms": {"text": "x"}},
            "translations.nl",
        ),
    ]:
        status, body = call("PUT", "/templates/news", {**COMMERCIAL, "translations": {"nl": translation}})
        assert status == 400
        assert said in body["message"]
