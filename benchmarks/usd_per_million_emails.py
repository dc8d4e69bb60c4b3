"""Dollars per million commercial e-mails that the platform costs beside what SES asks for them: the request, every
gate, the claim, the render, the ledger of messages; SES's events of it, the counters, and what other services make of
the outcomes.

A campaign's messages come fifty to a fact; each is sent and delivered, three of ten are opened and three of a hundred
clicked, as SES tells. What journeys pay for asking is in `usd_per_million_entries`. Not in the figure, because it does
not grow with messages: idle polls, schedules, storage.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from benchmarks.meter import Meter
from benchmarks.prices import Prices
from benchmarks.results import Report, Result
from benchmarks.traffic import Traffic
from services.shared.addresses import address_key
from services.shared.aws.clients import client
from services.shared.clock import to_iso
from services.shared.contracts.consent import ConsentChange, ConsentChanged
from services.shared.contracts.journeys import MessageRequested
from services.shared.contracts.messages import MessageRequest
from tests.support.fabric import Sent
from tests.support.road import Road
from tests.support.shop import Shop, open_shop, ses_notice
from tests.support.templates import Templates, synthesise

BUDGET = 5.0
FLOOR = 1.9
"""Dollars for what no design with a ledger avoids: a claim and an outcome written (two writes of 1 KB, 1.25), and 1.6
queued events of SES's that are received and deleted (0.64)."""

MAILS, WARM = 300, 50
IN_A_FACT = 50
OPENED, CLICKED = 0.3, 0.03
START = datetime(2026, 3, 3, 12, tzinfo=UTC)
SEED = 20


def run(report: Report) -> list[Result]:
    """A campaign to people who permitted it, from the request to the last click."""
    meter = Meter(Prices.load())
    report("warming up", 0)
    with Road(Templates(synthesise()), START, meter) as road:
        people = _readers(road)
        report("warming up", 0.4)
        _campaign(road, "warm-up", people[:WARM])
        meter.running = True
        _campaign(road, "spring", people[WARM:])
        meter.running = False
        report("counting", 0.9)
        assert not road.dead_letters(), road.dead_letters()[:3]
        assert len(road.outbox) == len(people), len(road.outbox)
    lines = [line for line in meter.lines(MAILS) if line["unit"] != "ses.mail"]
    value = sum(float(line["usd"]) for line in lines)
    against = {"SES itself": meter.prices.usd("ses.mail", 1_000_000), "physical floor": FLOOR}
    return [Result("usd_per_million_emails", value, "USD per million e-mails", against, BUDGET, lines)]


def _readers(road: Road) -> list[str]:
    """Profiles with an address and a permission for newsletters."""
    shop, traffic = open_shop(road), Traffic(SEED, MAILS + WARM)
    for request in traffic.first_orders(road.clock.now()):
        assert shop.batch(request).status == 200
    road.deliver()
    _permit(shop, MAILS + WARM)
    road.advance(timedelta(hours=1), schedules_every=None)
    entered = [e for fact in road.facts("JourneyEntered.v1") for e in fact["enrolments"]]
    people = sorted({str(e["profile_id"]) for e in entered})
    assert len(people) == MAILS + WARM, len(people)
    return people


def _permit(shop: Shop, users: int) -> None:
    """As consent tells of confirmed requests."""
    road = shop.road
    arn = road.stage.parameter("address-secret-arn")
    secret = client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    for start in range(0, users, IN_A_FACT):
        changes = [
            ConsentChange(
                address_key=address_key(secret, "email", f"user-{user}@example.com"),
                purpose="newsletter",
                channel="email",
                state="granted",
                entry_id=f"cns_{user}",
                text_version="2026-1",
                sequence=1,
                at=road.clock.now(),
                basis="double_opt_in",
            )
            for user in range(start, min(start + IN_A_FACT, users))
        ]
        _tell(road, ConsentChanged(changes=changes))
    road.deliver()


def _campaign(road: Road, name: str, people: list[str]) -> None:
    dice, before = random.Random(SEED), len(road.outbox)
    for start in range(0, len(people), IN_A_FACT):
        _tell(
            road,
            MessageRequested(
                requests=[
                    MessageRequest(
                        send_id=f"snd_{name}_{person}",
                        template="offer",
                        channels=["email"],
                        requested_at=road.clock.now(),
                        profile_id=person,
                        journey=name,
                        version=1,
                        node="send",
                        enrolment_id=f"enr_{name}_{person}",
                    )
                    for person in people[start : start + IN_A_FACT]
                ]
            ),
        )
    road.deliver()
    sent = road.outbox[before:]
    for kind, share in (("Send", 1.0), ("Delivery", 1.0), ("Open", OPENED), ("Click", CLICKED)):
        road.clock.advance(timedelta(hours=1))
        for mail in _some(_told_of(road, kind, sent), share, dice):
            road.feedback(ses_notice(kind, mail, to_iso(road.clock.now())))
        road.deliver()


def _told_of(road: Road, kind: str, sent: Sequence[Sent]) -> Sequence[Sent]:
    """The stage says of which mails SES tells that it took them."""
    if kind != "Send":
        return sent
    told = road.stage.mail_events
    return [mail for mail in sent if "send" in told[mail.request["ConfigurationSetName"]]]


def _some(items: Sequence[Sent], share: float, dice: random.Random) -> list[Sent]:
    return dice.sample(items, round(share * len(items)))


def _tell(road: Road, fact: ConsentChanged | MessageRequested) -> None:
    road.put_event(fact.source, fact.detail_type, json.loads(fact.model_dump_json()))
