"""The send protocol on the emulator: the real handlers and the real SDK, in threads, with faults by seed on both sides
of the wire. F1, F5, F7–F10, F14, F18, F19; I1–I5 by the provider's own log. Part of `make conformance`."""

from __future__ import annotations

import json
import random
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.emulator import CREDENTIALS, Emulator, install
from local.stand_in import Faults, StandIn
from services.delivery.adapters.dynamo_messages import DynamoMessages
from services.delivery.bootstrap.feedback import noting
from services.delivery.bootstrap.sending import sending, sweeping
from services.delivery.handlers import on_feedback, on_requests, sweep
from services.shared.contracts.journeys import MessageRequested
from tests.integration.delivery.steps import consent, given_contact, given_templates, request
from tests.integration.delivery.world import (
    CLOCK,
    NOW,
    SECRET,
    Context,
    environment,
    make_tables,
    notification,
    ses_event,
    sqs,
)
from tests.support.cold_start import begin_anew
from tests.support.thorough import EXHAUSTIVE
from tests.system.fault_proxy import FaultProxy, Plan

MESSAGES = 300
DELIVERIES = 3
SEED = 7
HEARD = 0.6
ROUNDS = 60

pytestmark = pytest.mark.skipif(not EXHAUSTIVE, reason="starts the emulator: make conformance")


class Death(BaseException):
    """A worker ended in the middle of it."""


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[StandIn, Plan]]:
    """The emulator with delivery's tables, a proxy before it, and the provider."""
    state = Path(__file__).parents[2] / ".halte"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    state.mkdir(exist_ok=True)
    emulator, provider = Emulator(state, port, {}), StandIn()
    interpreter = install(state)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    begin_anew()
    emulator.start(interpreter)
    plan = Plan(chance=random.Random(SEED))
    proxy = FaultProxy(emulator.url, plan)
    try:
        proxy.start()
        provider.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", provider.url)
        make_tables(boto3.client("dynamodb"))
        secret = boto3.client("secretsmanager").create_secret(Name="key", SecretString=SECRET)["ARN"]
        for name, value in environment(secret).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", proxy.url)
        yield provider, plan
    finally:
        proxy.stop()
        provider.stop()
        emulator.stop()
        begin_anew()


def ready(monkeypatch: pytest.MonkeyPatch, chance: random.Random) -> list[dict[str, Any]]:
    """Templates, permissions and requests; from now on workers die now and then before they keep an outcome."""
    given_templates()
    events = []
    for number in range(MESSAGES):
        profile, address = f"prf_{number}", f"person{number}@example.com"
        given_contact(profile, email=address)
        consent("granted", 1, address)
        kind = "news" if number % 2 else "confirm"
        one = request(f"snd_{number}", profile_id=profile, template=kind, node=f"n{number}")
        fact = MessageRequested(requests=[one])
        events += [sqs(fact)] * DELIVERIES
    chance.shuffle(events)
    plain = DynamoMessages.update

    def dying(self: Any, seen: Any, new: Any) -> None:
        if chance.random() < 0.1:
            raise Death
        plain(self, seen, new)

    monkeypatch.setattr(DynamoMessages, "update", dying)
    return events


def safely(handler: Any, event: dict[str, Any]) -> bool:
    try:
        return not (handler.handler(event, Context()) or {}).get("batchItemFailures")
    except (Death, Exception):
        return False


def hear(provider: StandIn, chance: random.Random, told: set[str], share: float) -> None:
    for one in list(provider.accepted):
        if one.message_id in told or chance.random() >= share:
            continue
        report = ses_event("Delivery", one.tags["send_id"])
        report["mail"]["messageId"] = one.message_id
        while not safely(on_feedback, notification(report)):
            pass
        told.add(one.message_id)


def statuses() -> dict[str, dict[str, Any]]:
    table = boto3.resource("dynamodb").Table("messages")
    found: list[dict[str, Any]] = []
    start: dict[str, Any] = {}
    while True:
        page = table.scan(ConsistentRead=True, **start)
        found += page["Items"]
        if "LastEvaluatedKey" not in page:
            return {item["send_id"]: item for item in found}
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def test_no_fault_doubles_a_message_or_loses_it(
    places: tuple[StandIn, Plan], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    provider, plan = places
    chance, told = random.Random(SEED), set[str]()
    CLOCK.advance(NOW - CLOCK.now())
    events = ready(monkeypatch, chance)
    sending(), noting(), sweeping()
    plan.before, plan.after, plan.throttled = 0.02, 0.02, 0.02
    provider.faults = Faults(refuse=0.1, drop=0.1, lose_answer=0.1, chance=random.Random(SEED))
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda event: safely(on_requests, event), events))
        hear(provider, chance, told, HEARD / 2)
        for _ in range(4):
            CLOCK.advance(timedelta(minutes=16))
            safely(sweep, {})
            list(workers.map(lambda event: safely(on_requests, event), events[::DELIVERIES]))
            hear(provider, chance, told, HEARD / 2)
    plan.before = plan.after = plan.throttled = 0.0
    provider.faults = Faults()
    settle(events)
    hear(provider, chance, told, HEARD)
    found = statuses()
    figures = weigh(provider, found, told)
    with capsys.disabled():
        sys.stdout.write(f"\nsend faults: {json.dumps({**figures, 'proxy': dict(plan.seen)})}\n")
    assert figures["doubled marketing"] == 0
    assert figures["lost silently"] == 0
    assert figures["unsettled"] == 0
    assert figures["doubled, not flagged"] == 0
    assert figures["at most twice"]
    assert figures["lost answers"] > 10
    assert figures["given up, visible"] > 0


def settle(events: list[dict[str, Any]]) -> None:
    """Whatever is left: the queue brings each request until it is acknowledged, and the sweep comes by until nothing is
    open, or too often. Pace is of this world's time: what waits for it takes some of the rounds."""
    for event in {event["Records"][0]["body"]: event for event in events}.values():
        while not safely(on_requests, event):
            pass
    for _ in range(ROUNDS):
        CLOCK.advance(timedelta(minutes=16))
        while True:
            try:
                sweep.handler({}, Context())
                break
            except Death:
                continue
        if unsettled(statuses()) == 0:
            return


def weigh(provider: StandIn, found: dict[str, dict[str, Any]], told: set[str]) -> dict[str, Any]:
    """Attempted, accepted, lost, duplicated: the provider's log against what delivery says."""
    accepted = Counter(one.tags["send_id"] for one in provider.accepted)
    heard = {one.tags["send_id"] for one in provider.accepted if one.message_id in told}
    service = {name for name, item in found.items() if item.get("message_class") == "service"}
    given_up = {name for name, item in found.items() if item.get("reason") == "unknown_outcome"}
    doubled = {name for name, times in accepted.items() if times > 1}
    return {
        "requested": len(found),
        "attempted": sum(int(item.get("attempts", 0)) for item in found.values()),
        "accepted": sum(accepted.values()),
        "sent": sum(item["status"] == "sent" for item in found.values()),
        "given up, visible": len(given_up),
        "lost answers": sum(1 for name in found if int(found[name].get("attempts", 0)) > accepted[name]),
        "doubled service, flagged": len({n for n in doubled & service if found[n].get("possible_duplicate")}),
        "doubled, not flagged": len({n for n in doubled & service if not found[n].get("possible_duplicate")}),
        "doubled marketing": len(doubled - service),
        "at most twice": max(accepted.values()) <= 2,
        "lost silently": len(
            {n for n in accepted if found[n]["status"] != "sent" and (n not in given_up or n in heard)}
        ),
        "unsettled": unsettled(found),
    }


def unsettled(found: dict[str, dict[str, Any]]) -> int:
    return sum(item["status"] not in ("sent", "failed", "skipped") for item in found.values())
