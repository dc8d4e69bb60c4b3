"""Real customers' stories as events, and the journeys that are walked through them. Skips where the data is absent."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2].parent / "shared" / "data"
BEGIN = datetime(2018, 7, 1, tzinfo=UTC)
_OFFER_EVENTS = {
    "offer received": "Offer Received",
    "offer viewed": "Offer Viewed",
    "offer completed": "Offer Completed",
}
_SHOP_EVENTS = {
    "product_view": "Product Viewed",
    "add_to_cart": "Product Added",
    "purchase": "Order Completed",
}


@dataclass(frozen=True)
class Event:
    """One thing that somebody did."""

    profile: str
    name: str
    at: datetime
    properties: dict[str, Any]


def starbucks() -> Iterator[Event]:
    """Offers received, viewed and completed, in time order."""
    for row in _lines("starbucks/transcript.share5pct.jsonl"):
        if row["event"] in _OFFER_EVENTS:
            offer = row["value"].get("offer id") or row["value"]["offer_id"]
            at = BEGIN + timedelta(hours=row["time"])
            yield Event(f"sb-{row['person']}", _OFFER_EVENTS[row["event"]], at, {"offer_id": offer})


def offer_durations() -> dict[str, timedelta]:
    """How long each offer lasts."""
    return {row["id"]: timedelta(days=row["duration"]) for row in _lines("starbucks/portfolio.json")}


def ecom() -> list[Event]:
    """A shop's product views, carts and orders, in time order."""
    path = _path("ecom-stories/ecom.csv.gz")
    with gzip.open(path, "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["event"] in _SHOP_EVENTS]
    events = [
        Event(
            row["user_id"],
            _SHOP_EVENTS[row["event"]],
            datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC),
            {"session": row["session_id"]},
        )
        for row in rows
    ]
    return sorted(events, key=lambda event: event.at)


def offer_journey(durations: dict[str, timedelta], *ends_on: str) -> dict[str, Any]:
    """Remind everybody who has not seen an offer by its expiry; the same offer again ends its time early and begins
    it anew. Whoever does one of `ends_on` is left alone."""
    days = sorted({length.days for length in durations.values()})
    by_days = [
        (d, [offer for offer, length in sorted(durations.items()) if length == timedelta(days=d)])
        for d in days
    ]
    arms = [
        {"when": {"fact": "walk.offer_id", "in": offers}, "next": f"days_{d}"} for d, offers in by_days[:-1]
    ]
    again = {"event": "Offer Received", "key": "offer_id"}
    waits = {
        f"days_{d}": {
            "type": "wait_for",
            **again,
            "since": "node",
            "timeout": f"P{d}D",
            "next": "remind_again",
            "otherwise": "remind",
        }
        for d in days
    }
    reminder = {"type": "send", "template": "offer_reminder", "channels": ["email"]}
    return {
        "name": "offers",
        "title": "Offers that nobody looked at",
        "objective": "loyalty",
        "angle": "interaction",
        "entry": {"on": [{**again, "keep": ["offer_id"]}], "reentry": "always"},
        "admission": "PT0S",
        "exit_on": [{"event": name, "key": "offer_id"} for name in ends_on],
        "start": "which",
        "nodes": {
            "which": {"type": "branch", "branches": arms, "default": f"days_{days[-1]}"},
            **waits,
            "remind_again": {**reminder, "next": "anew"},
            "anew": {"type": "jump", "to": "which", "at_most": 100, "otherwise": "expired"},
            "remind": {**reminder, "next": "expired"},
            "expired": {"type": "exit", "reason": "expired"},
        },
    }


def cart_journey() -> dict[str, Any]:
    """Whoever put something into a cart and has not ordered a day later gets a reminder."""
    return {
        "name": "cart",
        "title": "An abandoned cart",
        "objective": "cross_sell",
        "angle": "interaction",
        "entry": {"on": [{"event": "Product Added"}], "reentry": "always"},
        "exit_on": [{"event": "Order Completed", "reason": "ordered"}],
        "start": "day",
        "nodes": {
            "day": {"type": "wait", "for": "P1D", "next": "remind"},
            "remind": {"type": "send", "template": "cart", "channels": ["email"], "next": "reminded"},
            "reminded": {"type": "exit", "reason": "reminded"},
        },
    }


def _lines(name: str) -> Iterator[dict[str, Any]]:
    for line in _path(name).read_text().splitlines():
        yield json.loads(line)


def _path(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not here: real input can't be tried")
    return path
