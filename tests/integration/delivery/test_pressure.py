"""Contact pressure through the real handlers, tables and gates."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from services.delivery.adapters.dynamo_pauses import DynamoPauses
from services.delivery.bootstrap.sending import sending, sweeping
from services.delivery.domain.pressure.pace import Bucket, Quota
from services.delivery.domain.protocol import Retry
from services.delivery.handlers import (
    on_feedback,
    on_messages_stream,
    on_pressure_stream,
    pressure,
    renew_calendar,
    watch_pressure,
)
from services.shared.aws.dynamo import Table
from tests.integration.delivery.steps import ask, consent, given_contact, given_templates, request
from tests.integration.delivery.test_merged_people import merge
from tests.integration.delivery.test_wishes import fates, swept, wishing
from tests.integration.delivery.world import CLOCK, NOW, Context, World, http, notification, ses_event

EMAIL = "ann@example.com"
MINUTE, HOUR, A_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
    return http(pressure.handler, method, path, body)


def given_policy(**rules: Any) -> dict[str, Any]:
    status, body = call("PUT", "/pressure", rules)
    assert status == 200, body
    return dict(body)


@pytest.fixture
def ready(world: World) -> World:
    given_templates()
    consent("granted")
    wishing()
    world.fake_senders()
    return world


def sent(world: World) -> list[str]:
    return [one.send_id for one in world.email.accepted]


def test_the_policy_is_a_document_with_versions(world: World) -> None:
    assert call("GET", "/pressure")[1]["version"] == 0
    nl = {"days": {"mon": "09:00-20:00"}, "closed_on_holidays": True}
    rules = {"caps": [{"count": 2, "within": "P7D"}], "hours": {"countries": {"NL": nl}}}
    shown = given_policy(**rules)
    assert shown["version"] == 1
    assert shown["zones"] == {"NL": ["Europe/Amsterdam"]}
    assert {"2026-04-27", "2027-04-27"} <= set(shown["holidays"]["NL"])
    assert given_policy(**rules) == shown
    assert given_policy(caps=[])["version"] == 2
    assert call("GET", "/pressure")[1]["policy"]["caps"] == []
    for bad, code in [
        ({"caps": [{"count": 0, "within": "P1D"}]}, "invalid"),
        ({"hours": {"countries": {"XX": {"days": {"mon": "09:00-20:00"}}}}}, "unknown_country"),
        ({"hours": {"countries": {"US": {"days": {"mon": "09:00-10:00"}}}}}, "never_open"),
    ]:
        status, body = call("PUT", "/pressure", bad)
        assert (status, body["code"]) == (400, code)


def test_holidays_of_the_years_to_come_are_looked_up_every_day(world: World) -> None:
    given_policy(hours={"countries": {"NL": {"days": {"mon": "09:00-20:00"}, "closed_on_holidays": True}}})
    CLOCK.advance(365 * A_DAY)
    renew_calendar.handler({}, Context())
    shown = call("GET", "/pressure")[1]
    assert (shown["version"], "2028-04-27" in shown["holidays"]["NL"]) == (1, True)


@pytest.mark.capability("003-24")
@pytest.mark.parametrize(("then", "last"), [("skip", "skipped"), ("hold", "held")])
def test_one_more_than_the_cap_is_dropped_or_waits_by_policy(ready: World, then: str, last: str) -> None:
    """F1: whatever comes at once. Service messages go, and count where the policy says so."""
    given_policy(
        caps=[{"count": 2, "within": "P1D", "then": then}, {"count": 3, "within": "P7D", "counts": "all"}]
    )
    ask(*(request(f"snd_{n}") for n in range(3)), request("svc_1", template="confirm"))
    found = sorted(fates(ready, "snd_0", "snd_1", "snd_2"))
    assert found == sorted([("sent", ""), ("sent", ""), (last, "frequency_cap")])
    assert fates(ready, "svc_1") == [("sent", "")]
    swept(A_DAY + 2 * MINUTE)
    stopped = next(n for n in ("snd_0", "snd_1", "snd_2") if n not in sent(ready))
    assert fates(ready, stopped) == [("skipped", "frequency_cap")]  # the week is full
    assert "at most 3 in P7D" in ready.item(stopped)["gates"][-1]["input"] or then == "skip"
    assert len(sent(ready)) == 3


@pytest.mark.parametrize(("loser", "fate"), [("wait", "held"), ("expire", "skipped")])
def test_the_higher_of_two_inside_the_window_wins(ready: World, loser: str, fate: str) -> None:
    """F1, F5: requests that come again change nothing."""
    given_policy(arbitration={"window": "PT10M", "loser": loser}, brake=None)
    ask(request("snd_low", priority=10), request("svc_1", template="confirm", priority=0))
    CLOCK.advance(5 * MINUTE)
    high = request("snd_high", priority=90, requested_at=NOW + 5 * MINUTE)
    ask(high, request("snd_low", priority=10))
    assert fates(ready, "snd_low", "snd_high") == [("held", "arbitration")] * 2
    for _ in range(12):
        swept(MINUTE)
    assert sent(ready) == ["svc_1", "snd_high"]
    assert ready.item("snd_low")["status"] == fate
    assert ready.item("snd_low")["gates"][-1] == {
        "gate": "arbitration",
        "channel": "email",
        "input": "priority 10, another went",
        "verdict": "stop",
    }
    for _ in range(12):
        swept(MINUTE)
    assert sent(ready) == ["svc_1", "snd_high"] + ["snd_low"] * (loser == "wait")


def test_what_waits_keeps_its_order_over_a_restart_and_a_merge(ready: World) -> None:
    """The higher first, then the one asked for first; also before one that is asked for just when they are due."""
    given_policy(minimum_gap="PT30M")
    wishing(2, quietHours="08:00-13:00", timezone="UTC")
    given_contact("prf_2", email=EMAIL, quietHours="08:00-13:00", timezone="UTC")
    for n, (priority, profile) in enumerate([(50, "prf_1"), (50, "prf_2"), (80, "prf_1")]):
        CLOCK.advance(MINUTE)
        ask(
            request(f"snd_{n}", priority=priority, profile_id=profile, requested_at=CLOCK.now(), node=f"n{n}")
        )
    merge("prf_2", "prf_1")
    sending.cache_clear()
    sweeping.cache_clear()
    ready.fake_senders()
    CLOCK.advance(58 * MINUTE)
    ask(request("snd_late", requested_at=CLOCK.now(), node="late"))
    assert fates(ready, "snd_late") == [("held", "arbitration")]
    for _ in range(130):
        swept(MINUTE)
    assert sent(ready) == ["snd_2", "snd_0", "snd_1", "snd_late"]
    times = [ready.item(one)["claimed_at"] for one in sent(ready)]
    gaps = [datetime.fromisoformat(b) - datetime.fromisoformat(a) for a, b in pairwise(times)]
    assert all(gap >= 30 * MINUTE for gap in gaps)


def test_a_paused_account_opens_the_circuit_and_one_probe_closes_it(ready: World) -> None:
    """F16: nothing is attempted meanwhile, nothing becomes a dead letter, and all leave once it takes them again."""
    given_policy(brake=None)
    paused = Retry("SendingPausedException")
    ready.email.answers = [paused, paused]
    ask(request("svc_0", template="confirm"))
    for n in range(1, 5):
        ask(request(f"svc_{n}", template="confirm"))
    assert fates(ready, "svc_0") == [("retry", "SendingPausedException")]
    assert fates(ready, "svc_1", "svc_4") == [("held", "circuit")] * 2
    assert len(ready.email.answers) == 1
    (told,) = call("GET", "/pressure/pauses")[1]["pauses"]
    assert (told["name"], told["reason"]) == ("circuit:email", "SendingPausedException")
    swept(MINUTE / 2)
    assert len(ready.email.answers) == 1
    swept(MINUTE)
    assert ready.email.answers == []
    assert sent(ready) == []
    for _ in range(8):
        swept(MINUTE)
    assert sorted(sent(ready)) == [f"svc_{n}" for n in range(5)]
    assert call("GET", "/pressure/pauses")[1]["pauses"] == []


def test_the_first_of_a_journey_go_out_alone_and_the_rest_when_they_settled(ready: World) -> None:
    given_policy(brake={"canary": 2, "settle": "PT1H"})
    ask(*(request(f"snd_{n}", node=f"n{n}") for n in range(5)), request("svc_1", template="confirm"))
    held = [n for n in range(5) if fates(ready, f"snd_{n}") == [("held", "canary")]]
    assert (len(held), len(sent(ready))) == (3, 3)
    on_messages_stream.handler(ready.stream(), Context())
    swept(50 * MINUTE)
    watch_pressure.handler({}, Context())
    assert len(sent(ready)) == 3
    CLOCK.advance(11 * MINUTE)
    watch_pressure.handler({}, Context())
    swept(30 * MINUTE)
    assert len(sent(ready)) == 6


def test_a_journey_that_is_complained_about_stops_until_somebody_lets_it_go_on(ready: World) -> None:
    """F33: a complaint during a fan-out; what leaves before it is known is at most the canary."""
    given_policy(brake={"canary": 3, "settle": "PT1H"})
    for n in range(2):
        given_contact(f"prf_{n}", email=f"p{n}@example.com")
        consent("granted", 10 + n, f"p{n}@example.com")
        ask(request(f"snd_{n}", profile_id=f"prf_{n}"))
    on_feedback.handler(notification(ses_event("Complaint", "snd_0")), Context())
    on_messages_stream.handler(ready.stream(), Context())
    watch_pressure.handler({}, Context())
    watch_pressure.handler({}, Context())
    ask(request("snd_more"), request("snd_other", journey="other"), request("svc_1", template="confirm"))
    assert fates(ready, "snd_more", "snd_other", "svc_1") == [("held", "brake"), ("sent", ""), ("sent", "")]
    (told,) = call("GET", "/pressure/pauses")[1]["pauses"]
    assert (told["name"], told["reason"]) == ("brake:welcome:email", "complaints")
    assert call("POST", "/pressure/pauses/brake:other:email/resume")[0] == 404
    assert call("POST", "/pressure/pauses/brake:welcome:email/resume")[0] == 200
    watch_pressure.handler({}, Context())
    assert call("GET", "/pressure/pauses")[1]["pauses"] == []
    swept(HOUR + 2 * MINUTE)
    assert fates(ready, "snd_more") == [("sent", "")]


@pytest.mark.capability("000-33")
def test_a_channel_that_reaches_too_many_who_show_nothing_stops(ready: World) -> None:
    """Opening a message makes somebody active; service messages go all the same; told once, whoever looks again."""
    guard = {"inactive": 0.5, "inactive_days": 30, "least": 2, "bounced": 1, "complained": 1}
    given_policy(guard=guard, brake=None)
    for n in range(3):
        given_contact(f"prf_{n}", email=f"p{n}@example.com")
        consent("granted", 10 + n, f"p{n}@example.com")
        ask(request(f"old_{n}", profile_id=f"prf_{n}"))
    on_feedback.handler(notification(ses_event("Open", "old_0", minutes=60 * 24 * 5)), Context())
    CLOCK.advance(31 * A_DAY)
    ask(*(request(f"new_{n}", profile_id=f"prf_{n}", requested_at=CLOCK.now()) for n in range(3)))
    assert [ready.item(f"new_{n}").get("inactive", False) for n in range(3)] == [False, True, True]
    on_messages_stream.handler(ready.stream(), Context())
    watch_pressure.handler({}, Context())
    watch_pressure.handler({}, Context())
    ask(request("snd_more", journey="other"), request("svc_1", template="confirm"))
    assert fates(ready, "snd_more", "svc_1") == [("held", "guard"), ("sent", "")]
    (told,) = call("GET", "/pressure/pauses")[1]["pauses"]
    assert (told["name"], told["reason"]) == ("guard:email", "inactive")
    assert call("POST", "/pressure/pauses/guard:email/resume")[0] == 200
    watch_pressure.handler({}, Context())
    assert call("GET", "/pressure/pauses")[1]["pauses"] == []


def test_what_stops_and_goes_on_is_told_once(ready: World) -> None:
    def record(old: dict[str, str] | None, new: dict[str, str] | None, name: str) -> dict[str, Any]:
        images = {"OldImage": old, "NewImage": new}
        return {
            "eventID": name,
            "dynamodb": {
                kind: {n: {"S": v} for n, v in {"pk": "state", **image}.items()}
                for kind, image in images.items()
                if image
            },
        }

    stopped = {
        "sk": "brake#welcome#email",
        "state": "stopped",
        "reason": "bounces",
        "at": "2026-03-01T12:00:00.000Z",
    }
    lifted = {**stopped, "state": "resumed", "at": "2026-03-01T13:00:00.000Z"}
    circuit = {"sk": "circuit#email", "reason": "SendingPausedException", "since": "2026-03-01T12:00:00.000Z"}
    records = [
        record(None, stopped, "1"),
        record(stopped, lifted, "2"),
        record(None, circuit, "3"),
        record(circuit, {**circuit, "failures": "2"}, "4"),
        record(circuit, None, "5"),
        record(None, {"sk": "policy", "document": "{}"}, "6"),
        record(None, {**stopped, "state": "passed"}, "7"),
    ]
    on_pressure_stream.handler({"Records": records}, Context())
    told = [(e["DetailType"], json.loads(e["Detail"])["pauses"]) for e in ready.published]
    assert [(kind, [(p["kind"], p["journey"], p["channel"]) for p in pauses]) for kind, pauses in told] == [
        ("SendingPaused.v1", [("brake", "welcome", "email"), ("circuit", "", "email")]),
        ("SendingResumed.v1", [("brake", "welcome", "email"), ("circuit", "", "email")]),
    ]
    assert told[1][1][0]["at"] == "2026-03-01T13:00:00.000Z"


def test_throttled_bursts_back_off_and_the_daily_quota_lets_service_messages_go_first(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F14, F15: put off, never lost, never a dead letter; the campaign goes on when the account may send again."""
    given_policy(brake=None)
    pace = sending()._pressure._pace
    quota = {"sent": 95.0}
    for one in (pace, sweeping()._sending._pressure._pace):
        monkeypatch.setattr(
            one,
            "_quotas",
            {"email": lambda at: Quota(per_second=50, per_day=100, sent=quota["sent"], read_at=at)},
        )
    ask(request("snd_1"), request("snd_2"), request("svc_1", template="confirm"))
    assert fates(ready, "snd_1", "snd_2", "svc_1") == [("held", "pace"), ("held", "pace"), ("sent", "")]
    swept(30 * MINUTE)
    quota["sent"] = 10.0
    swept(32 * MINUTE)
    swept(2 * MINUTE)
    assert sorted(fates(ready, "snd_1", "snd_2")) == [("sent", ""), ("sent", "")]
    ready.email.answers = [Retry("TooManyRequestsException")]
    ask(request("svc_2", template="confirm"))
    bucket, _ = pace._buckets.get("email")
    assert isinstance(bucket, Bucket)
    assert bucket.blocked_until == CLOCK.now().timestamp() + 1
    swept(2 * MINUTE)
    assert fates(ready, "svc_2") == [("sent", "")]


def test_tickets_of_a_large_canary_are_taken_some_at_once_and_never_too_many(ready: World) -> None:
    """F33: two workers, of which the one ends before it has used what it took."""
    tables = Table("pressure"), Table("gates")

    def taken() -> int:
        item = Table("gates").get({"pk": "canary#brake#spring#email", "sk": "tickets"})
        return int(item["n"]) if item else 0

    def ticket(worker: DynamoPauses) -> bool:
        return worker.ticket("brake#spring#email", 1_000, NOW)

    one, other = DynamoPauses(*tables), DynamoPauses(*tables)
    assert [ticket(one) for _ in range(11)] == [True] * 11
    assert (ticket(other), taken()) == (True, 30)
    assert one.full_since("brake#spring#email", 1_000) is None

    went = sum(ticket(other) for _ in range(990))
    assert (went, taken()) == (979, 1_000)
    assert ticket(other) is ticket(DynamoPauses(*tables)) is False
    assert sum(ticket(one) for _ in range(20)) == 9  # of its own, taken before
    assert other.full_since("brake#spring#email", 1_000) == NOW
