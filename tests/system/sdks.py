"""Real client libraries as a shop uses them, and a door that sees what they send."""

from __future__ import annotations

import gzip
import http.client
import json
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient

from local.loopback import Handler, Loopback

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)

CALLS = {"alias": 1, "group": 1, "identify": 1, "page": 1, "screen": 1, "track": 2}
"""What each SDK is asked to send, by type; all of it is one person's in the end."""

CLIENTS = {"segment": SegmentClient, "rudder": RudderClient}
PYTHON, NODE = tuple(CLIENTS), ("segment", "rudder")

Answering = Callable[[str, dict[str, str], bytes], tuple[int, bytes]]


class Door(Loopback):
    """Has `answering` answer each POST (path, headers, body: status, body), and keeps the message ids of each."""

    def __init__(self, answering: Answering) -> None:
        self.batches: list[list[str]] = []
        self.answers: list[int] = []
        self._lock = threading.Lock()
        door = self

        class Posted(Handler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, answer = answering(self.path, dict(self.headers.items()), body)
                door.note(body, status)
                self.reply(status, [("Content-Type", "application/json")], answer)

        super().__init__(Posted, name="door")

    def note(self, body: bytes, status: int) -> None:
        """Keep what a request held and how it was answered."""
        raw = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        with self._lock:
            self.batches.append([event["messageId"] for event in json.loads(raw)["batch"]])
            self.answers.append(status)


def passed_on(base: str) -> Answering:
    """Answers as whoever serves `base` does."""
    to = urlsplit(base)

    def ask(path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(to.netloc, timeout=60)
        try:
            connection.request("POST", to.path + path, body, {**headers, "Host": to.netloc})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    return ask


def python_client(name: str, url: str, key: str, errors: list[Any]) -> Any:
    """A client of Segment's or RudderStack's library."""
    return CLIENTS[name](
        key,
        host=url,
        gzip=True,
        on_error=lambda error, batch: errors.append(error),
        upload_interval=0.2,
        max_retries=1,
    )


def run_python(name: str, url: str, key: str) -> list[Any]:
    """Have a Python SDK send `CALLS`; the errors that it reports."""
    errors: list[Any] = []
    sdk = python_client(name, url, key, errors)
    sdk.identify("user-1", {"email": "ana@example.com", "naïve": "Zoë ✓"}, timestamp=AT)
    sdk.track("user-1", "Order Completed", {"revenue": 12.5}, timestamp=AT)
    sdk.track(anonymous_id="anon-9", event="Product Viewed", properties={"sku": "a"})
    sdk.page("user-1", "Shop", "Home", {"url": "https://shop.example.com/"})
    sdk.screen("user-1", "Shop", "Main")
    sdk.group("user-1", "acct-7", {"name": "Initech"})
    sdk.alias("anon-9", "user-1")
    sdk.flush()
    sdk.join()
    return errors


def run_node(name: str, url: str, key: str) -> list[Any]:
    """Have a Node SDK send `CALLS`; the errors that it reports."""
    done = subprocess.run(
        ["node", str(ROOT / "tests" / "system" / "sdks.cjs"), name, url, key],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    errors: list[Any] = json.loads(done.stdout)
    return errors
