"""Reports over the real handlers: what went out, what came back, what it cost and what it brought."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from services.delivery.handlers import on_exits, on_messages_stream, on_stages
from services.shared.contracts.journeys import Enrolment, JourneyExited
from services.shared.contracts.scoring import StageChanged, StageMove, Standing
from tests.integration.delivery.steps import ask, call, consent, given_contact, given_templates, request
from tests.integration.delivery.test_feedback import note
from tests.integration.delivery.test_letters import call as channels
from tests.integration.delivery.world import NOW, Context, World, ses_event, sqs

FIELDS = {"objective": "welcome", "angle": "interaction", "enrolment_id": "enr_1"}


@pytest.fixture
def shop(world: World) -> World:
    """Ann of gmail has four messages of `welcome`, of two arms; a fifth is of no template."""
    given_templates()
    given_contact(email="ann@gmail.com", firstName="Ann")
    consent("granted", address="ann@gmail.com")
    world.fake_senders()
    for number in range(3):
        arm = "split:b" if number else "split:a"
        ask(request(f"snd_{number}", variant=arm, node=f"n{number}", **FIELDS))
    ask(request("snd_3", template="confirm", variant="split:b", node="n3", **FIELDS))
    ask(request("snd_4", template="=nothing", node="+n4", campaign="spring", objective="loyalty"))
    return world


def publish(world: World, times: int = 1) -> None:
    records = world.stream()
    for _ in range(times):
        assert on_messages_stream.handler(records, Context()) == {"batchItemFailures": []}


def report(kind: str, **query: str) -> dict[str, Any]:
    status, body = call("GET", f"/reports/{kind}", query=query or None)
    assert status == 200, body
    return dict(body)


def exit_of(reason: str = "goal", minutes: int = 60, **more: Any) -> Enrolment:
    said = {"profile_id": "prf_1", "journey": "welcome", "version": 1, "enrolment_id": "enr_1", **more}
    return Enrolment(at=NOW + timedelta(minutes=minutes), reason=reason, **said)


def ended(*walks: Enrolment) -> None:
    assert on_exits.handler(sqs(JourneyExited(enrolments=list(walks))), Context()) == {
        "batchItemFailures": []
    }


@pytest.mark.capability("000-34")
def test_a_channels_own_report(shop: World) -> None:
    """What machines did is counted apart and is in no rate; a repeated stream changes nothing (F8)."""
    for send_id in ("snd_0", "snd_1", "snd_2"):
        note(ses_event("Delivery", send_id))
    note(ses_event("Bounce", "snd_3", bounceType="Permanent"))
    note(ses_event("Open", "snd_0", 5))
    note(ses_event("Click", "snd_0", 6))
    note(ses_event("Complaint", "snd_1", 6))
    consent("revoked", 2, address="ann@gmail.com", send_id="snd_2")
    publish(shop, times=3)

    status, found = call("GET", "/reports/channels/email", query={"from": "2026-03-01", "to": "2026-03-02"})
    assert status == 200
    totals = found["totals"]
    expected = {"requested": 4, "sent": 4, "delivered": 3, "bounced": 1, "opened": 1, "clicked": 1}
    expected |= {"unsubscribed": 1, "complained": 1, "soft_bounced": 0, "machine_opened": 0}
    assert {name: totals[name] for name in expected} == expected
    rates = {name: rate["rate"] for name, rate in totals["rates"].items() if rate}
    third = round(1 / 3, 6)
    assert rates == {
        "skipped": 0,
        "delivered": 0.75,
        "bounced": 0.25,
        "soft_bounced": 0,
        "opened": third,
        "clicked": third,
        "unsubscribed": third,
        "complained": third,
        "converted": 0,
    }
    (gmail,) = found["mailboxes"]
    assert (gmail["mailbox"], gmail["sent"], gmail["bounced"]) == ("gmail", 4, 1)
    assert totals["cost"] == 0.0004
    assert [(one["template"], one["sent"]) for one in found["templates"]] == [("confirm", 1), ("news", 3)]
    assert call("GET", "/reports/channels/pigeon")[0] == 404


def test_every_report_adds_up_to_the_same(shop: World) -> None:
    publish(shop)
    whole = report("days")["totals"]
    assert (whole["requested"], whole["sent"], whole["skipped"]) == (5, 4, 1)
    assert whole["skipped_by_reason"] == {"unknown_template": 1}
    for kind in ("channels", "journeys", "nodes", "variants", "objectives", "angles", "templates", "days"):
        found = report(kind)
        assert found["totals"] == whole, kind
        assert sum(row["sent"] for row in found["rows"]) == 4, kind
    variants = {row["variant"]: row["sent"] for row in report("variants", journey="welcome")["rows"]}
    assert variants == {"": 0, "split:a": 1, "split:b": 3}
    assert [(r["campaign"], r["skipped"]) for r in report("campaigns")["rows"]] == [("spring", 1)]
    totals = call("GET", "/reports/summary")[1]["totals"]
    assert totals == {"requested": 5, "sent": 4, "skipped": 1}


def test_a_goal_is_put_down_to_the_last_message_before_it_once(shop: World) -> None:
    """F8: told three times, and by another end of the walk as well."""
    late = exit_of(minutes=-1)
    ended(late)  # nothing had gone out by then
    for _ in range(3):
        ended(exit_of(worth=4999, currency="EUR"), exit_of("completed", minutes=90))
    ended(exit_of(minutes=120, worth=100, currency="EUR"))
    publish(shop, times=2)

    rows = {row["node"]: row for row in report("nodes", journey="welcome")["rows"]}
    assert {node: row["converted"] for node, row in rows.items()} == {
        "+n4": 0,
        "n0": 0,
        "n1": 0,
        "n2": 0,
        "n3": 1,
    }
    assert rows["n3"]["revenue"] == {"EUR": 49.99}
    assert shop.item("snd_3")["first_converted_at"] == "2026-03-01T13:00:00.000Z"


@pytest.mark.capability("000-36")
def test_the_channel_mix_by_objective_matches_the_ledger(shop: World) -> None:
    """Conversion, cost and profit; sums are those of the messages, and channels are suggested by what they bring."""
    prices = {"since": "2026-01-01", "currency": "EUR", "channels": {"email": 0.01, "sms": 0.5}}
    assert channels("PUT", "/channels/prices", prices)[0] == 200
    given_contact(version=2, email="ann@gmail.com", phone="+31612345678")
    ask(request("snd_sms", template="confirm", channels=["sms"], **FIELDS))
    ended(exit_of(worth=2000, currency="EUR"))
    publish(shop)

    found = report("channel-mix")
    mix = {(row["objective"], row["channel"]): row for row in found["rows"]}
    email = mix["welcome", "email"]
    assert (email["sent"], email["converted"], email["cost"], email["profit"]) == (4, 1, 0.04, 19.96)
    assert email["rates"]["converted"]["of"] == 4
    assert sum(row["requested"] for row in mix.values()) == 6 == found["totals"]["requested"]
    suggested = found["suggested"]["welcome"]
    assert suggested == [{"channel": "email", "profit_per_message": 4.99, "enough": False}]


def test_prices_hold_from_their_day_on_and_in_one_currency(shop: World) -> None:
    assert channels("GET", "/channels/prices")[1]["currency"] == "USD"
    for since, price in (("2026-03-01", 0.5), ("2026-02-01", 0.25), ("2026-03-02", 9)):
        body = {"since": since, "currency": "EUR", "channels": {"email": price}}
        assert channels("PUT", "/channels/prices", body)[0] == 200
    publish(shop)

    assert report("channels", channel="email")["totals"]["cost"] == 2.0
    assert [one["since"] for one in channels("GET", "/channels/prices")[1]["lists"]] == [
        "2026-02-01",
        "2026-03-01",
        "2026-03-02",
    ]
    other = {"since": "2026-04-01", "currency": "USD", "channels": {"email": 1}}
    assert channels("PUT", "/channels/prices", other)[1]["code"] == "other_currency"
    for broken in ({"currency": "eur"}, {"channels": {"email": -1}}, {"channels": {}}, {"since": "soon"}):
        assert channels("PUT", "/channels/prices", {**other, **broken})[0] == 400


def test_pages_hold_every_line_once_and_bad_questions_are_refused(shop: World) -> None:
    publish(shop)
    lines, cursor = [], ""
    while True:
        found = report("nodes", limit="2", **({"cursor": cursor} if cursor else {}))
        lines += [row["node"] for row in found["rows"]]
        if not (cursor := found["next"] or ""):
            break
    assert lines == ["+n4", "n0", "n1", "n2", "n3"]
    refused = {
        "bad_from": {"from": "yesterday"},
        "bad_range": {"from": "2026-01-01", "to": "2026-12-31"},
        "bad_limit": {"limit": "0"},
        "bad_cursor": {"cursor": "e30"},
        "bad_format": {"format": "xml"},
    }
    for code, query in refused.items():
        status, body = call("GET", "/reports/nodes", query=query)
        assert (status, body["code"]) == (400, code)
    assert call("GET", "/reports/none")[0] == 404


def test_a_file_for_spreadsheets_holds_no_formula(shop: World) -> None:
    publish(shop)
    status, text = call("GET", "/reports/nodes", query={"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(text)))

    assert status == 200
    assert [row["node"] for row in rows] == ["'+n4", "n0", "n1", "n2", "n3"]
    assert sum(int(row["sent"]) for row in rows) == 4
    _, by_template = call("GET", "/reports/templates", query={"format": "csv"})
    assert "'=nothing" in by_template
    assert "\n=" not in by_template


def stages(*moves: StageMove) -> None:
    assert on_stages.handler(sqs(StageChanged(moves=list(moves))), Context()) == {"batchItemFailures": []}


def move(who: str, before: str, after: str, day: int, since: int | None = None) -> StageMove:
    at = NOW + timedelta(days=day)
    held = None if since is None else NOW + timedelta(days=since)
    there = Standing(profile_id=who, version=1, at=at)
    return StageMove(lifecycle="life", before=before, after=after, at=at, standing=there, held_since=held)


@pytest.mark.capability("003-26")
def test_the_funnel_counts_each_move_once(world: World) -> None:
    """F8: facts are repeated whole, and parts of them in other facts."""
    came = [move(f"p{n}", "", "lead", 0) for n in range(30)]
    went = [move(f"p{n}", "lead", "customer", 4, since=0) for n in range(12)]
    stages(*came)
    stages(*came[20:], *went[:5])
    stages(*came, *went)
    stages(*went, *went)

    status, found = call("GET", "/reports/funnel/life")
    assert status == 200
    lead, customer = found["stages"]
    assert (lead["came"], lead["left"], lead["there"]) == (30, 12, 18)
    assert [(way["to"], way["people"], way["rate"], way["days"]) for way in lead["ways"]] == [
        ("customer", 12, 0.4, 4.0)
    ]
    assert (customer["came"], customer["there"]) == (12, 12)
    days = {"from": "2026-03-02", "to": "2026-03-06"}
    (lead, customer) = call("GET", "/reports/funnel/life", query=days)[1]["stages"][::-1]
    assert (lead["came"], lead["left"], customer["came"]) == (0, 12, 12)
    assert call("GET", "/reports/funnel/none")[0] == 404
