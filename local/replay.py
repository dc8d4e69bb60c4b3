"""Replays real purchases through both front doors, on the virtual clock.

Half of the customers' events come by `PutEvents` from the shop's own system, half through Segment's Python SDK.
Three things are added on purpose, and named so in the report: every 50th event is sent twice (a client that retries),
three events are bad, and shoppers fill in the newsletter form at their first order.
"""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from local.cdnow import Contact, Order
from local.virtual_clock import VirtualClock

Door = Literal["bus", "http", "form"]

BUS_SOURCE = "shop.erp"
SIGN_UP_SHARE = 0.75
RESENT_EVERY = 50


@dataclass(frozen=True)
class Planned:
    """One thing to do at a virtual instant: an event by a door (`copies` times), or a form to fill in."""

    at: datetime
    door: Door
    body: dict[str, Any]
    copies: int = 1


@dataclass
class Tally:
    """What the doors took, counted at the client: this is what the books must add up to."""

    http_taken: int = 0
    bus_taken: int = 0
    resent: int = 0
    bad: int = 0
    forms: int = 0
    failures: list[str] = field(default_factory=list)


def plan(orders: Sequence[Order], contacts: dict[str, Contact], seed: int) -> list[Planned]:
    """Everything the customers do, in time order."""
    seen: set[str] = set()
    doors = {customer: ("bus" if i % 2 else "http") for i, customer in enumerate(sorted(contacts))}
    planned: list[Planned] = []
    for order in sorted(orders, key=lambda o: (o.at, o.row)):
        door: Door = "bus" if doors[order.customer] == "bus" else "http"
        contact = contacts[order.customer]
        if order.customer not in seen:
            seen.add(order.customer)
            before = order.at - timedelta(minutes=1)
            planned.append(Planned(before, door, _identify(order.customer, contact, before)))
            if random.Random(f"{seed}:sign-up:{order.customer}").random() < SIGN_UP_SHARE:
                planned.append(Planned(order.at + timedelta(minutes=1), "form", _form(contact)))
        planned.append(Planned(order.at, door, _order(order)))
    planned.sort(key=lambda p: p.at)
    return _with_extras(planned)


def _identify(customer: str, contact: Contact, at: datetime) -> dict[str, Any]:
    return {
        "type": "identify",
        "messageId": f"cdnow-identify-{customer}",
        "userId": f"cdnow-{customer}",
        "timestamp": at.isoformat(),
        "traits": {
            "firstName": contact.first_name,
            "email": contact.email,
            "phone": contact.phone,
            "preferredChannel": contact.preferred_channel,
        },
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"cdnow-{order.row}",
        "userId": f"cdnow-{order.customer}",
        "timestamp": order.at.isoformat(),
        "properties": {
            "order_id": order.row,
            "quantity": order.quantity,
            "revenue": order.cents / 100,
            "currency": "USD",
        },
    }


def _form(contact: Contact) -> dict[str, Any]:
    return {
        "purpose": "newsletter",
        "channel": contact.preferred_channel,
        "address": contact.preferred_address,
        "text_version": "2026-1",
        "language": "en",
        "form": "checkout",
    }


def _with_extras(planned: list[Planned]) -> list[Planned]:
    """Resend every 50th event, and put three bad ones in between."""
    result, events = [], 0
    for item in planned:
        events += item.door != "form"
        twice = item.door != "form" and events % RESENT_EVERY == 0
        result.append(Planned(item.at, item.door, item.body, 2) if twice else item)
    for place, body in zip((0.2, 0.5, 0.8), bad_events(), strict=True):
        position = int(len(result) * place)
        result.insert(position, Planned(result[position].at, "bus", body))
    return result


def bad_events() -> list[dict[str, Any]]:
    """An event of nobody, one of no known type, and an order at no time: each must be rejected with its reason."""
    track = {"type": "track", "event": "Order Completed"}
    return [
        {**track, "messageId": "bad-nobody", "properties": {"revenue": 1}},
        {"type": "purchase", "messageId": "bad-type", "userId": "cdnow-bad"},
        {**track, "messageId": "bad-time", "userId": "cdnow-bad", "timestamp": "the day before yesterday"},
    ]


class Replay:
    """Plays a plan. `run` returns when everything was handed over; `tally` then holds what was taken."""

    def __init__(self, clock: VirtualClock, events_client: Any, bus: str, api: str, write_key: str) -> None:
        self.tally = Tally()
        self._clock = clock
        self._events = events_client
        self._bus = bus
        self._api = api
        self._lock = threading.Lock()
        self._sdk = _segment_client(write_key, api, self._http_failed)
        self._stop_counting = _count_answers(self._http_answered)
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="shopper")
        self._forms_open: set[str] = set()

    def run(self, planned: Sequence[Planned], progress: Callable[[int], None] = lambda _: None) -> Tally:
        """Hand everything over when its time has come, a batch at a time."""
        start = 0
        while start < len(planned):
            now = self._clock.now()
            end = start
            while end < len(planned) and planned[end].at <= now:
                end += 1
            if end == start:
                time.sleep(min(0.2, (planned[start].at - now).total_seconds() / self._clock.speed))
                continue
            self._hand_over(planned[start:end])
            progress(end - start)
            start = end
        self._sdk.flush()
        self._sdk.join()
        self._pool.shutdown(wait=True)
        self._stop_counting()
        return self.tally

    def under_way(self) -> list[str]:
        """What was handed to the SDK and the forms, and is not yet taken."""
        with self._sdk.queue.mutex:
            waiting = [str(call["messageId"]) for call in self._sdk.queue.queue]
        with self._lock:
            return waiting + sorted(self._forms_open)

    def _hand_over(self, items: Iterable[Planned]) -> None:
        by_bus = []
        for item in items:
            if item.door == "form":
                with self._lock:
                    self._forms_open.add(item.body["address"])
                self._pool.submit(self._fill_in, item.body)
                continue
            self.tally.resent += item.copies - 1
            self.tally.bad += str(item.body["messageId"]).startswith("bad-")
            for _ in range(item.copies):
                if item.door == "bus":
                    by_bus.append(item.body)
                else:
                    self._call_sdk(item.body)
        self._put_events(by_bus)

    def _put_events(self, bodies: list[dict[str, Any]]) -> None:
        for start in range(0, len(bodies), 10):
            entries = [
                {
                    "EventBusName": self._bus,
                    "Source": BUS_SOURCE,
                    "DetailType": "Segment Message",
                    "Detail": json.dumps(body),
                }
                for body in bodies[start : start + 10]
            ]
            answer = self._events.put_events(Entries=entries)
            self.tally.bus_taken += len(entries) - answer["FailedEntryCount"]
            self.tally.failures += [e["ErrorCode"] for e in answer["Entries"] if "ErrorCode" in e]

    def _call_sdk(self, body: dict[str, Any]) -> None:
        common = {
            "user_id": body["userId"],
            "timestamp": datetime.fromisoformat(body["timestamp"]),
            "message_id": body["messageId"],
        }
        if body["type"] == "identify":
            queued, _ = self._sdk.identify(traits=body["traits"], **common)
        else:
            queued, _ = self._sdk.track(event=body["event"], properties=body["properties"], **common)
        if not queued:
            self.tally.failures.append("the SDK's queue is full")

    def _http_answered(self, taken: int) -> None:
        with self._lock:
            self.tally.http_taken += taken

    def _http_failed(self, error: Exception, batch: list[Any]) -> None:
        self.tally.failures.append(f"{len(batch)} events of a batch were not taken: {error}")

    def _fill_in(self, body: dict[str, Any]) -> None:
        request = urllib.request.Request(
            f"{self._api}/consents/requests",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "Mozilla/5.0 (simulated shopper)"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30), self._lock:
                self.tally.forms += 1
        except OSError as error:
            self.tally.failures.append(f"sign-up form: {error}")
        finally:
            with self._lock:
                self._forms_open.discard(body["address"])


def _segment_client(write_key: str, api: str, on_error: Callable[[Exception, list[Any]], None]) -> Any:
    from segment.analytics.client import Client

    return Client(
        write_key,
        host=api,
        on_error=on_error,
        gzip=True,
        upload_size=20,
        upload_interval=0.1,
        max_queue_size=100_000,
    )


def _count_answers(taken: Callable[[int], None]) -> Callable[[], None]:
    """Count what each answer to the SDK took (the SDK itself keeps no count); returns how to stop."""
    import gzip

    from segment.analytics import request

    def count(response: Any, *_: Any, **__: Any) -> None:
        if response.status_code == 200:
            body = response.request.body
            raw = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
            taken(len(json.loads(raw)["batch"]) - len(response.json().get("rejected", [])))

    hooks: list[Any] = request._session.hooks["response"]
    hooks.append(count)
    return lambda: hooks.remove(count)
