"""Customer events as a shop's client library sends them: seeded, in Segment's shape, with properties of usual size."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.shared.clock import to_iso

MIX = (
    ("Page", 40),
    ("Product Viewed", 30),
    ("Product Added", 12),
    ("Checkout Started", 5),
    ("Identify", 5),
    ("Order Completed", 5),
    ("Email Opened", 3),
)
"""Kinds of events and how many of a hundred each makes up."""

_PRODUCTS = ("Blue in Green", "Kind of Blue", "A Love Supreme", "Moanin'", "Time Out", "Saxophone Colossus")


@dataclass
class Traffic:
    """A stream of requests; the same seed gives the same stream."""

    seed: int
    users: int
    _random: random.Random = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def first_orders(self, at: datetime) -> Iterator[list[dict[str, Any]]]:
        """Requests that make every user known and a customer, ten users each."""
        for start in range(0, self.users, 10):
            request: list[dict[str, Any]] = []
            for user in range(start, min(start + 10, self.users)):
                request += [self._identify(user, at), self._track(user, "Order Completed", at)]
            yield request

    def requests(
        self, count: int, *, profiles: int, events: int, at: datetime
    ) -> Iterator[list[dict[str, Any]]]:
        """`count` requests of `events` events, shared equally by `profiles` people; no two requests have one in
        common, so that nothing is saved by chance.

        Raises:
            ValueError: there are too few users for that.
        """
        kinds, weights = zip(*MIX, strict=True)
        everybody = self._random.sample(range(self.users), count * profiles)
        for request in range(count):
            people = everybody[request * profiles : (request + 1) * profiles]
            drawn = self._random.choices(kinds, weights, k=events)
            yield [self._event(people[i % profiles], kind, at) for i, kind in enumerate(drawn)]

    def _event(self, user: int, kind: str, at: datetime) -> dict[str, Any]:
        if kind == "Identify":
            return self._identify(user, at)
        if kind == "Page":
            name = self._random.choice(("Home", "Search", "New releases", "Basket"))
            path = name.lower().replace(" ", "-")
            page = {"path": f"/{path}", "url": f"https://shop.example.com/{path}", "title": f"{name} - Shop"}
            return {**self._base(user, at), "type": "page", "name": name, "properties": page}
        return self._track(user, kind, at)

    def _identify(self, user: int, at: datetime) -> dict[str, Any]:
        traits = {"email": f"user-{user}@example.com", "firstName": f"First{user % 97}", "locale": "en-US"}
        return {**self._base(user, at), "type": "identify", "traits": traits}

    def _track(self, user: int, event: str, at: datetime) -> dict[str, Any]:
        return {
            **self._base(user, at),
            "type": "track",
            "event": event,
            "properties": self._properties(event),
        }

    def _base(self, user: int, at: datetime) -> dict[str, Any]:
        self._count += 1
        message = f"{self._random.getrandbits(128):032x}"
        return {
            "messageId": f"{message[:8]}-{message[8:12]}-{message[12:16]}-{message[16:20]}-{message[20:]}",
            "userId": f"user-{user}",
            "timestamp": to_iso(at),
            "context": {"library": {"name": "analytics-python", "version": "2.3.4"}},
        }

    def _properties(self, event: str) -> dict[str, Any]:
        number = self._random.randrange(100_000)
        if event == "Email Opened":
            return {"email_id": f"snd_{number:020x}", "campaign_id": "welcome"}
        if event == "Order Completed":
            return {
                "order_id": f"{self._count}-{number}",
                "revenue": round(self._random.uniform(5, 120), 2),
                "currency": "USD",
                "products": self._basket(),
            }
        return {**self._product(), "position": number % 20, "category": "Music"}

    def _basket(self) -> Sequence[dict[str, Any]]:
        return [{**self._product(), "quantity": 1} for _ in range(self._random.choice((1, 1, 2, 3)))]

    def _product(self) -> dict[str, Any]:
        number = self._random.randrange(10_000)
        price = round(self._random.uniform(5, 40), 2)
        return {"product_id": f"sku-{number:05}", "name": self._random.choice(_PRODUCTS), "price": price}
