"""Dollars per million commercial e-mails that the platform costs beside what SES asks for them: the request, every
gate, the claim, the render, the ledger of messages; what SES tells of it, by the roads that a deployment has; pictures
loaded and links followed; the counters, and what other services make of the outcomes.

A campaign's messages come fifty to a fact; each is sent and delivered. What is assumed of people, in a list that
permitted being followed: of ten messages three have their picture loaded, half of these by a mail proxy that loads it
for its users (`Mozilla/5.0` alone is Apple's), half by a person's own program; three of a hundred have their link
followed, by people who looked before. All of it later than two seconds after the delivery. SES is asked to tell
neither, so it is our own HTTP API that is called. A report of SES's is taken to have 2 KB: Firehose cuts files at 500.

What journeys pay for asking is in `usd_per_million_entries`. Not in the figure, because it does not grow with messages:
idle polls, schedules, storage.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
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
from tests.support.shop import Shop, open_shop, ses_notice, telling
from tests.support.templates import Templates, synthesise

BUDGET = 5.0
FLOOR = 1.9
"""Dollars for what no design with a ledger avoids: a claim and an outcome written (two writes of 1 KB, 1.25), the
delivery as a record of Firehose's (0.145), and 0.33 visits that are each a request of an HTTP API (0.33) and a write
(0.21)."""

MAILS, WARM = 1_000, 50
"""Real campaigns fill the batches of streams and queues (up to 500 changes, 200 reports); some hundred mails do not,
and what is paid for by the batch would seem dearer than it is."""

IN_A_FACT = 50
IN_A_FILE = 500
LOADED, BY_PROXY, CLICKED = 0.3, 0.5, 0.03
PROXY = "Mozilla/5.0"
MAIL_PROGRAM = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
BROWSER = f"{MAIL_PROGRAM} Version/17.4 Safari/605.1.15"
START = datetime(2026, 3, 3, 12, tzinfo=UTC)
SEED = 20


@dataclass(frozen=True)
class Visits:
    """Which mails have their picture loaded, by whom, and which are clicked."""

    proxies: list[Sent]
    people: list[Sent]
    clicks: list[Sent]

    @classmethod
    def of(cls, sent: Sequence[Sent]) -> Visits:
        """As is assumed above."""
        loaded = random.Random(SEED).sample(sent, round(LOADED * len(sent)))
        proxies = round(BY_PROXY * len(loaded))
        people = loaded[proxies:]
        return cls(loaded[:proxies], people, people[: round(CLICKED * len(sent))])


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
    visits = {
        "pictures loaded by proxies": LOADED * BY_PROXY,
        "pictures loaded by people": LOADED * (1 - BY_PROXY),
        "links followed": CLICKED,
    }
    assumed = [
        {"part": "(assumed)", "unit": unit, "amount": round(share * 1_000_000), "usd": 0.0}
        for unit, share in visits.items()
    ]
    against = {"SES itself": meter.prices.usd("ses.mail", 1_000_000), "physical floor": FLOOR}
    return [
        Result("usd_per_million_emails", value, "USD per million e-mails", against, BUDGET, assumed + lines)
    ]


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
    before = len(road.outbox)
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
    for start in range(0, len(sent), IN_A_FILE):
        told = [
            ses_notice(kind, mail, to_iso(road.clock.now() + timedelta(hours=1)))
            for mail in sent[start : start + IN_A_FILE]
            for kind in ("Send", "Delivery")
        ]
        road.ses_tells(told)
    road.deliver()
    visits = Visits.of(sent)
    _visit(road, visits.proxies, "o", PROXY)
    _visit(road, visits.people, "o", MAIL_PROGRAM)
    _visit(road, visits.clicks, "c", BROWSER)


def _visit(road: Road, mails: Sequence[Sent], kind: str, agent: str) -> None:
    """An hour later: the picture is loaded, or the first link followed."""
    road.clock.advance(timedelta(hours=1))
    for mail in mails:
        answer = road.http("GET", telling(mail, kind)[0], headers={"user-agent": agent})
        assert answer.status == (302 if kind == "c" else 200), answer.body
    road.deliver()


def _tell(road: Road, fact: ConsentChanged | MessageRequested) -> None:
    road.put_event(fact.source, fact.detail_type, json.loads(fact.model_dump_json()))
