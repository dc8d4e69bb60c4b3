"""Real client libraries against the front door, over HTTP: none reports an error, and none sends anything twice.

The door is the real handler behind the local gateway; the queue behind it is moto's.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from local.gateway import Gateway
from tests.integration.ingest.conftest import SECRET_KEY, WRITE_KEY, World
from tests.integration.ingest.conftest import world as world  # the fixture
from tests.support.wire import http_request
from tests.system.sdks import CALLS, NODE, PYTHON, ROOT, Door, python_client, run_node, run_python


def handled(path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    """The handler's answer to a POST."""
    from services.ingest.handlers import api

    named = {name.lower(): value for name, value in headers.items()}
    event = http_request("POST", path, f"POST {path}", {}, {}, named, body, datetime.now(UTC))
    answer = api.handler(event, None)
    return answer["statusCode"], answer["body"].encode()


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    made = Door(handled)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def gateway(door: Door) -> Iterator[str]:
    made = Gateway(door.url)
    made.start()
    yield made.url
    made.stop()


def queued(world: World) -> list[dict[str, Any]]:
    return [event for record in world.take() for event in json.loads(record["body"])["events"]]


def check(world: World, door: Door, calls: int = sum(CALLS.values())) -> list[dict[str, Any]]:
    """Every call was sent once, answered 200 and queued."""
    assert set(door.answers) == {200}
    sent = [message_id for batch in door.batches for message_id in batch]
    assert len(sent) == calls == len(set(sent))
    events = queued(world)
    assert {event["messageId"] for event in events} == set(sent)
    return events


@pytest.mark.parametrize("name", PYTHON)
@pytest.mark.parametrize("key", [WRITE_KEY, SECRET_KEY])
def test_python_sdk(world: World, door: Door, gateway: str, name: str, key: str) -> None:
    assert run_python(name, gateway, key) == []
    assert len(door.batches) == 1
    order = next(e for e in check(world, door) if e.get("event") == "Order Completed")
    assert order["timestamp"].startswith("2026-01-02T03:04:05.678")


@pytest.mark.parametrize("name", NODE)
def test_node_sdk(world: World, door: Door, gateway: str, name: str) -> None:
    assert run_node(name, gateway, WRITE_KEY) == []
    order = next(e for e in check(world, door) if e.get("event") == "Order Completed")
    assert order["timestamp"] == "2026-01-02T03:04:05.678Z"


def test_an_sdk_tells_a_wrong_key_once(world: World, door: Door, gateway: str) -> None:
    """401 with a code: no retry storm."""
    errors: list[Any] = []
    sdk = python_client("segment", gateway, "WRONG", errors)
    sdk.track("user-1", "Order Completed")
    sdk.flush()
    sdk.join()
    assert len(errors) == 1
    assert "bad_write_key" in str(errors[0])
    assert door.answers == [401]
    assert queued(world) == []


PAGE = (ROOT / "docs" / "doors.md").read_text()
BLOCKS = re.findall(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
PROGRAMS = {"python": [sys.executable, "-c"], "js": ["node", "-e"]}


@pytest.mark.parametrize(("language", "code"), [(b[0], b[2]) for b in BLOCKS if b[0] in PROGRAMS])
def test_the_page_s_programs_do_what_it_says(
    world: World, door: Door, gateway: str, language: str, code: str
) -> None:
    program = code.replace("https://api.example.com", gateway).replace("WRITE_KEY", WRITE_KEY)
    done = subprocess.run(
        [*PROGRAMS[language], program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [event["type"] for event in check(world, door, calls=2)] == ["identify", "track"]


def test_the_page_s_requests_are_answered_as_it_says(world: World) -> None:
    answers = {}
    for language, request, body in BLOCKS:
        if language == "json":
            method, path = request.split()
            send = world.post if path.startswith("/v1/") else partial(world.sources, method.upper())
            answers[path] = send(path, json.loads(body))
    assert {path: status for path, (status, _) in answers.items()} == {
        "/sources/shop": 201,
        "/v1/batch": 200,
        "/sources/crm": 201,
        "/sources/bookings": 201,
        "/sources/bookings/mapping/dry-run": 200,
    }
    assert {"write_key", "secret_key"} <= set(answers["/sources/shop"][1])
    good, bad = answers["/sources/bookings/mapping/dry-run"][1]["results"]
    assert good["events"][0] == {
        "type": "track",
        "event": "Appointment Booked",
        "userId": "7",
        "timestamp": "2026-01-02T09:00:00.000Z",
        "properties": {"price": 12.5, "persons": ["Ann"]},
    }
    assert (bad["error"]["code"], bad["error"]["rule"], bad["error"]["field"]) == (
        "missing_value",
        "booked",
        "userId",
    )
