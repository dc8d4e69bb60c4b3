"""Real client libraries against the front door, over HTTP: none reports an error, and none sends anything twice.

The door is the real handler behind the local gateway; the queue behind it is moto's.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.gateway import Gateway
from tests.integration.ingest.conftest import SECRET_KEY, WRITE_KEY, World
from tests.integration.ingest.conftest import world as world  # the fixture
from tests.support.wire import http_request

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
CALLS = 7

pytestmark = pytest.mark.system


class Door:
    """The handler of the front door on a port, and the message ids of each request it answered."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.answers: list[int] = []
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, answer = door.answer(self.path, dict(self.headers.items()), body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/_aws/execute-api/api/$default"

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        from services.ingest.handlers import api

        route = path.removeprefix("/_aws/execute-api/api/$default")
        named = {name.lower(): value for name, value in headers.items()}
        event = http_request("POST", route, f"POST {route}", {}, {}, named, body, datetime.now(UTC))
        answer = api.handler(event, None)
        raw = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        self.batches.append([event["messageId"] for event in json.loads(raw)["batch"]])
        self.answers.append(answer["statusCode"])
        return answer["statusCode"], answer["body"].encode()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    made = Door()
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


def check(world: World, door: Door, calls: int = CALLS) -> list[dict[str, Any]]:
    """Every call was sent once, answered 200 and queued."""
    assert set(door.answers) == {200}
    sent = [message_id for batch in door.batches for message_id in batch]
    assert len(sent) == calls == len(set(sent))
    events = queued(world)
    assert {event["messageId"] for event in events} == set(sent)
    return events


def segment(url: str, key: str, errors: list[Any]) -> Any:
    from segment.analytics.client import Client

    return Client(
        key,
        host=url,
        gzip=True,
        on_error=lambda error, batch: errors.append(error),
        upload_interval=0.2,
        max_retries=1,
    )


def rudder(url: str, key: str, errors: list[Any]) -> Any:
    from rudderstack.analytics.client import Client

    return Client(
        key,
        host=url,
        gzip=True,
        on_error=lambda error, batch: errors.append(error),
        upload_interval=0.2,
        max_retries=1,
    )


@pytest.mark.parametrize("make", [segment, rudder])
@pytest.mark.parametrize("key", [WRITE_KEY, SECRET_KEY])
def test_python_sdk(world: World, door: Door, gateway: str, make: Any, key: str) -> None:
    errors: list[Any] = []
    sdk = make(gateway, key, errors)
    sdk.identify("user-1", {"email": "ana@example.com", "naïve": "Zoë ✓"}, timestamp=AT)
    sdk.track("user-1", "Order Completed", {"revenue": 12.5}, timestamp=AT)
    sdk.track(anonymous_id="anon-9", event="Product Viewed", properties={"sku": "a"})
    sdk.page("user-1", "Shop", "Home", {"url": "https://shop.example.com/"})
    sdk.screen("user-1", "Shop", "Main")
    sdk.group("user-1", "acct-7", {"name": "Initech"})
    sdk.alias("anon-9", "user-1")
    sdk.flush()
    sdk.join()
    assert errors == []
    assert len(door.batches) == 1
    order = next(e for e in check(world, door) if e.get("event") == "Order Completed")
    assert order["timestamp"].startswith("2026-01-02T03:04:05.678")


@pytest.mark.parametrize("name", ["segment", "rudder"])
def test_node_sdk(world: World, door: Door, gateway: str, name: str) -> None:
    script = ROOT / "tests" / "system" / "sdks.cjs"
    done = subprocess.run(
        ["node", str(script), name, gateway, WRITE_KEY],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == []
    order = next(e for e in check(world, door) if e.get("event") == "Order Completed")
    assert order["timestamp"] == "2026-01-02T03:04:05.678Z"


def test_an_sdk_tells_a_wrong_key_once(world: World, door: Door, gateway: str) -> None:
    """401 with a code: no retry storm."""
    errors: list[Any] = []
    sdk = segment(gateway, "WRONG", errors)
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
