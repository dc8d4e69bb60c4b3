"""Inbound personalisation: the dearest proposition that nothing speaks against, while somebody waits."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from typing import Any

import pytest

from services.delivery.bootstrap.content import serving_templates
from services.delivery.bootstrap.records import serving
from services.delivery.handlers import inbound
from services.shared.clock import to_iso
from services.shared.contracts.consent import EVERY
from tests.integration.delivery.steps import EMAIL, consent, given_contact
from tests.integration.delivery.world import NOW, World, http


def call(method: str, path: str, body: Any = None, profile: str = "") -> tuple[int, Any]:
    return http(inbound.handler, method, path, body, {"profile": profile} if profile else None)


def template(name: str, value: float, *, kind: str = "commercial", required: list[str] | None = None) -> None:
    serving_templates().put(
        name,
        {
            "class": kind,
            **({"purpose": "newsletter"} if kind == "commercial" else {}),
            "value": value,
            "required": required or [],
            "channels": {
                "web": {
                    "subject": name,
                    "text": f"{name} for {{{{ first_name }}}}",
                    "url": "https://shop.example/x",
                }
            },
        },
    )


@pytest.fixture
def ready(world: World) -> World:
    template("tea", 2)
    template("coffee", 5)
    template("yacht", 900, required=["income"])
    template("hours", 0, kind="service")
    templates = ["hours", "tea", "coffee", "yacht"]
    assert call("PUT", "/inbound/home", {"templates": templates})[0] == 200
    given_contact(email=EMAIL, firstName="Ann")
    return world


@pytest.mark.capability("001-20")
def test_the_dearest_that_fits_is_shown_with_its_decision(ready: World) -> None:
    status, answer = call("GET", "/inbound/home", profile="prf_1")

    assert status == 200
    assert answer["shown"] == {
        "template": "coffee",
        "version": 1,
        "title": "coffee",
        "text": "coffee for Ann",
        "url": "https://shop.example/x",
    }
    decision = ready.item(answer["decision"])
    assert (decision["status"], decision["channel"], decision["node"]) == ("sent", "web", "home")
    stops = [(g["template"], g["gate"], g["input"]) for g in decision["gates"] if g["verdict"] == "stop"]
    assert stops == [("yacht", "content", "income")]
    assert call("GET", "/inbound/home", profile="prf_1")[1]["decision"] == answer["decision"]
    assert [one["send_id"] for one in serving().decisions("prf_1")["decisions"]] == [answer["decision"]]


@pytest.mark.parametrize("why", ["objection", "pause"])
def test_who_wants_no_marketing_is_shown_service_only(ready: World, why: str) -> None:
    if why == "pause":
        until = to_iso(NOW + timedelta(days=3))
        given_contact(version=2, email=EMAIL, firstName="Ann", pausedUntil=until)
    else:
        consent("revoked", 1, purpose=EVERY)

    answer = call("GET", "/inbound/home", profile="prf_1")[1]

    assert answer["shown"]["template"] == "hours"
    stops = {g["gate"] for g in ready.item(answer["decision"])["gates"] if g["verdict"] == "stop"}
    assert stops == {why}


def test_nothing_to_show_is_a_decision_too(ready: World) -> None:
    call("PUT", "/inbound/pier", {"templates": ["yacht"]})

    answer = call("GET", "/inbound/pier", profile="prf_1")[1]

    assert answer["shown"] is None
    decision = ready.item(answer["decision"])
    assert (decision["status"], decision["reason"]) == ("skipped", "nothing_to_show")


def test_what_can_not_be_asked(ready: World) -> None:
    assert call("GET", "/inbound/nowhere", profile="prf_1")[0] == 404
    assert call("GET", "/inbound/home")[0] == 400
    assert call("GET", "/inbound/home", profile="prf_9")[1] == {
        "slot": "home",
        "decision": None,
        "shown": None,
    }
    assert call("PUT", "/inbound/home", {"templates": ["nothing"]})[1]["code"] == "unknown_template"
    assert call("PUT", "/inbound/home", {"templates": []})[0] == 400


def test_it_answers_while_somebody_waits(ready: World) -> None:
    """CPU time of this process, with DynamoDB's stand-in in it."""
    for n in range(12):
        given_contact(f"prf_w{n}", email=f"w{n}@example.com", firstName="Ann")
    call("GET", "/inbound/home", profile="prf_1")
    times = []
    for n in range(12):
        begin = time.process_time()
        assert call("GET", "/inbound/home", profile=f"prf_w{n}")[1]["shown"]
        times.append(time.process_time() - begin)

    assert statistics.median(times) < 0.050
