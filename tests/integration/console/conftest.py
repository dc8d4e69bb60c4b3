"""The console in a real browser, over the real handlers of a small shop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from local.gateway import Gateway
from local.outbox import opened_with
from local.stand_in import Accepted
from services.shared.clock import to_iso
from tests.support import axe, chromium
from tests.support.chromium import Chromium
from tests.support.console import HOSTILE, Console
from tests.support.fabric import mime_of
from tests.support.road import ADMIN_KEY, Road
from tests.support.road_server import RoadServer
from tests.support.shop import KINDS, Shop, identify, open_shop, publish, ses_notice
from tests.support.templates import Templates, synthesise

CAMPAIGN = {
    "name": "spring_sale",
    "title": "Spring sale",
    "objective": "cross_sell",
    "angle": "lifecycle",
    "portfolio": "base",
    "brief": {"who": "Customers", "why": "A spring order", "channels": ["email"], "needed_data": ["email"]},
    "segment": "first_order",
    "template": "offer",
    "channels": ["email"],
    "schedule": {"start": "2026-06-01T09:00", "zone": "Europe/Amsterdam"},
}
START = datetime(2026, 1, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """Ann permitted mail, got some and opened it; Cas's name is an attack; Dee has just ordered."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
            patch.setenv(name, value)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with Road(Templates(synthesise()), START) as road:
            _with_an_outbox(road)
            yield _peopled(open_shop(road, (*KINDS, "stages")))


def _with_an_outbox(road: Road) -> None:
    """The pages are told that this is the local stage."""
    (pages,) = (one for one in road.processes.values() if one.function.title == "console.site")
    pages.function = replace(pages.function, env={**pages.function.env, "STAGE": "local"})


def _peopled(shop: Shop) -> Shop:
    road = shop.road
    for user, name in (("ann", "Ann"), ("cas", HOSTILE)):
        shop.batch([identify(user, f"{user}@example.com", name, to_iso(road.clock.now()))])
        shop.order(user, user, 23.5)
    road.deliver()
    shop.sign_up("ann@example.com")
    road.deliver()
    shop.confirm(road.outbox[-1])
    road.deliver()
    road.advance(timedelta(days=33))
    _planned(shop)
    for kind in ("Delivery", "Open"):
        road.feedback(ses_notice(kind, road.outbox[-1], to_iso(road.clock.now())))
    shop.order("dee", "dee", 9.0)
    road.deliver()
    return shop


def _planned(shop: Shop) -> None:
    """A campaign, a call to make, and an answer to a survey."""
    road = shop.road
    publish(road, "campaigns", "spring_sale", CAMPAIGN)
    now = to_iso(road.clock.now())
    ann = road.http("GET", "/profiles/userId:ann", admin=True).json()["profile_id"]
    call = {"task_id": "tsk_1", "profile_id": ann, "title": "Call about the spring", "owner": "sales"}
    road.put_event(
        "halte.scoring",
        "TaskRequested.v1",
        {"tasks": [{**call, "reason": "strategy:first:hot:A", "at": now}]},
    )
    answers = [("ann", 10), ("cas", 4)]
    shop.batch(
        [
            {
                "type": "track",
                "event": "Survey Answered",
                "userId": user,
                "messageId": f"survey-{user}",
                "timestamp": now,
                "properties": {"survey": "nps", "score": score},
            }
            for user, score in answers
        ]
    )


@pytest.fixture(scope="module")
def console(shop: Shop) -> Iterator[Console]:
    if not chromium.found() or not axe.AXE.exists():
        pytest.skip("no browser or no axe-core: nobody has looked at the console's pages")
    server = RoadServer(shop.road)
    gateway = Gateway(server.url, own=opened_with(ADMIN_KEY, lambda: taken(shop.road)))
    server.start()
    gateway.start()
    try:
        with Chromium() as browser:
            yield Console(shop, server, gateway.url, browser)
    finally:
        gateway.stop()
        server.stop()


def taken(road: Road) -> list[Accepted]:
    """What the road's providers took, as the local stage's stand-in keeps it."""
    return [
        Accepted(
            number=number,
            message_id=sent.message_id,
            channel="email",
            to=sent.request["Destination"]["ToAddresses"][0],
            sender=str(sent.request["FromEmailAddress"]),
            configuration_set="",
            tags={tag["Name"]: tag["Value"] for tag in sent.request["EmailTags"]},
            mime=mime_of(sent),
        )
        for number, sent in enumerate(road.outbox, start=1)
    ]
