"""The replay: what is planned, and that what is counted at the doors is what they took."""

from __future__ import annotations

import gzip
import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local import replay
from local.cdnow import Order, contact_of
from local.virtual_clock import VirtualClock, set_clock

VISITS = 80
"""Of half of 40 customers: a page view and a log-in, twice."""

DAY = datetime(1997, 1, 1, 12, tzinfo=UTC)


def orders(customers: int = 40, each: int = 3) -> list[Order]:
    return [
        Order(
            row=c * each + i + 1,
            customer=f"{c:05d}",
            at=DAY + timedelta(days=c + 10 * i),
            quantity=1,
            cents=1099,
        )
        for c in range(customers)
        for i in range(each)
    ]


def plan(rows: list[Order]) -> list[replay.Planned]:
    return replay.plan(rows, {o.customer: contact_of(o.customer, 1) for o in rows}, 1)


def test_everything_is_planned_once_in_time_order() -> None:
    rows = orders()
    planned = plan(rows)
    assert planned == sorted(planned, key=lambda p: p.at)
    ids = Counter(p.body["messageId"] for p in planned if p.door != "form")
    assert max(ids.values()) == 1
    assert sum(i.startswith("cdnow-identify-0") for i in ids) == 40
    assert sum(i.startswith("bad-") for i in ids) == 3
    assert len(ids) == 40 + 120 + 3 + VISITS


def test_shoppers_of_the_website_look_around_before_they_log_in() -> None:
    """Once as strangers, and again on another device days before their second order."""
    http = [p.body for p in plan(orders(customers=2)) if p.door == "http"]
    seen = [(b["type"], b.get("anonymousId", ""), b.get("userId", "")) for b in http]
    assert seen == [
        ("page", "device-1-00000", ""),
        ("identify", "", "cdnow-00000"),
        ("identify", "device-1-00000", "cdnow-00000"),
        ("track", "", "cdnow-00000"),
        ("page", "device-2-00000", ""),
        ("identify", "device-2-00000", "cdnow-00000"),
        ("track", "", "cdnow-00000"),
        ("track", "", "cdnow-00000"),
    ]


def test_customers_are_identified_before_their_first_order_and_halved_over_the_doors() -> None:
    planned = [p for p in plan(orders()) if p.door != "form" and not p.body["messageId"].startswith("bad-")]
    first: dict[str, str] = {}
    doors: dict[str, set[str]] = {}
    for p in planned:
        if p.body["type"] == "page":
            continue
        first.setdefault(p.body["userId"], p.body["type"])
        doors.setdefault(p.body["userId"], set()).add(p.door)
    assert set(first.values()) == {"identify"}
    assert Counter(next(iter(d)) for d in doors.values()) == {"http": 20, "bus": 20}
    assert all(len(d) == 1 for d in doors.values())


def test_every_50th_event_is_sent_twice() -> None:
    planned = plan(orders())
    assert sum(p.copies == 2 for p in planned) == (160 + VISITS) // 50


def test_about_three_quarters_sign_up_with_their_preferred_address() -> None:
    forms = [p for p in plan(orders(200, 1)) if p.door == "form"]
    assert 130 <= len(forms) <= 170
    assert all(("@" in p.body["address"]) == (p.body["channel"] == "email") for p in forms)


class _Api(BaseHTTPRequestHandler):
    batches: list[list[dict[str, Any]]] = []  # the handler is made per request
    forms = 0

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
        answer: dict[str, Any] = {"success": True}
        if self.path.endswith("/v1/batch"):
            _Api.batches.append(body["batch"])
            answer["rejected"] = [{"index": 0}] if len(_Api.batches) == 1 else []
        else:
            _Api.forms += 1
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def api() -> Iterator[str]:
    from segment.analytics import request

    _Api.batches, _Api.forms = [], 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    request._session.close()
    server.shutdown()
    server.server_close()


class FakeBus:
    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.refuse_next = True

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        assert len(Entries) <= 10
        refused, self.refuse_next = self.refuse_next, False
        self.entries += Entries[refused:]
        answers: list[dict[str, str]] = [{"EventId": "1"} for _ in Entries]
        if refused:
            answers[0] = {"ErrorCode": "InternalFailure"}
        return {"FailedEntryCount": int(refused), "Entries": answers}


def test_counts_what_the_doors_took_and_not_what_was_sent(api: str, tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    set_clock(file, DAY + timedelta(days=100), 1.0, None)
    bus = FakeBus()
    planned = plan(orders())
    tally = replay.Replay(VirtualClock(file), bus, "bus", api, "key").run(planned)
    by_http = sum(p.copies for p in planned if p.door == "http")
    by_bus = sum(p.copies for p in planned if p.door == "bus")
    assert sum(len(b) for b in _Api.batches) == by_http
    assert tally.http_taken == by_http - 1, "one was refused inside a batch that was taken"
    assert tally.bus_taken == len(bus.entries) == by_bus - 1
    assert tally.failures == ["InternalFailure"]
    assert tally.forms == _Api.forms == sum(p.door == "form" for p in planned)
    assert (tally.resent, tally.bad) == (sum(p.copies - 1 for p in planned if p.door != "form"), 3)
    assert {e["Source"] for e in bus.entries} == {"shop.erp"}


def test_a_dead_api_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    set_clock(file, DAY + timedelta(days=100), 1.0, None)
    shopper = plan(orders(8, 1))
    forms = [p for p in shopper if p.door == "form"]
    tally = replay.Replay(VirtualClock(file), FakeBus(), "bus", "http://127.0.0.1:1", "key").run(forms)
    assert tally.forms == 0
    assert len(tally.failures) == len(forms) > 0
