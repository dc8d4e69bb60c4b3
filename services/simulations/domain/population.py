"""A made-up population: a shop's customers who buy as those of CDNOW did, and do what the journey names besides.

Orders follow the BG/NBD model with the parameters that Fader, Hardie and Lee (2005) found for CDNOW, in weeks; what is
spent follows the gamma-gamma model (Fader, Hardie 2013). Of ten carts seven are left. Everything else is INVENTED: how
many have which address, permission and birthday, and how often people do what is no shopping. The same seed makes the
same people, each of them whatever the others are.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from services.simulations.domain.deeds import Being, Deed
from services.simulations.domain.rehearsed import Named, events_of, traits_of

_R, _ALPHA, _A, _B = 0.243, 4.414, 0.793, 2.426
_P, _Q, _V = 6.25, 3.74, 15.44
_LEFT_CARTS_AN_ORDER = 7 / 3
_WEEK = timedelta(weeks=1)
_A_MONTH = timedelta(days=30)
_NEW_TRAIT = 0.1
_PHONE, _PREFERS_SMS = 0.6, 0.25
_ZONES = ("Europe/Amsterdam", "Europe/Amsterdam", "Europe/Amsterdam", "America/New_York")
_CATEGORIES = ("books", "music", "lamps", "investing")
_OF_THE_SHOP = frozenset({"Product Viewed", "Product Added", "Order Completed"})
ANSWERS = frozenset({"Email Opened", "Email Link Clicked", "Unsubscribed", "Survey Answered"})
"""What people do because of a message, not by themselves."""


@dataclass(frozen=True)
class Habits:
    """How people are: the share who permits e-mail for each of the `purposes` (of text messages half as many), and
    how often a month each does an event that is no shopping, unless `rates` says another number."""

    purposes: tuple[str, ...]
    granted: float = 0.7
    often: float = 0.1
    rates: Mapping[str, float] = field(default_factory=dict)


def population(
    raw: Mapping[str, Any], habits: Habits, start: datetime, span: timedelta, customers: int, seed: int
) -> Iterator[Being]:
    """Customers of a shop between `start` and `start + span`, and what they do there."""
    named, values = events_of(raw), traits_of(raw)
    for number in range(1, customers + 1):
        chance = random.Random(f"{seed}:person:{number}")  # noqa: S311 no secret
        yield _Life(f"c{number:06}", chance, habits, start, span).lived(named, values)


class _Life:
    def __init__(
        self, who: str, chance: random.Random, habits: Habits, start: datetime, span: timedelta
    ) -> None:
        self._who, self._chance, self._habits = who, chance, habits
        self._start, self._span = start, span
        self._deeds: list[Deed] = []
        self._matters = 0

    def lived(self, named: list[Named], values: Mapping[str, list[Any]]) -> Being:
        traits, consents = self._someone()
        self._shop()
        for one in named:
            if one.event not in _OF_THE_SHOP | ANSWERS:
                self._now_and_then(one)
        for trait, possible in values.items():
            if self._chance.random() < _NEW_TRAIT:
                self._deeds.append(
                    Deed(self._any_time(), self._who, traits={trait: self._chance.choice(possible)})
                )
        deeds = sorted(self._deeds, key=lambda deed: deed.at)
        return Being(self._who, traits, consents, tuple(self._with_matters(deeds, named)))

    def _someone(self) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
        chance, habits = self._chance, self._habits
        phone = chance.random() < _PHONE
        born = date(1950, 1, 1) + timedelta(days=chance.randrange(365 * 55))
        traits: dict[str, Any] = {
            "email": f"{self._who}@example.com",
            "timezone": chance.choice(_ZONES),
            "birthday": born.isoformat(),
            "preferredChannel": "sms" if phone and chance.random() < _PREFERS_SMS else "email",
        }
        if phone:
            traits["phone"] = f"+1202555{int(self._who[1:]) % 10_000:04}"
        consents: dict[str, dict[str, str]] = {}
        for purpose in habits.purposes:
            held = {"email": "granted"} if chance.random() < habits.granted else {}
            if phone and chance.random() < habits.granted / 2:
                held["sms"] = "granted"
            if held:
                consents[purpose] = held
        return traits, consents

    def _shop(self) -> None:
        """Orders from a first one on, until interest is lost; and carts that are left."""
        chance = self._chance
        rate, leaving = chance.gammavariate(_R, 1 / _ALPHA), chance.betavariate(_A, _B)
        spending = chance.gammavariate(_Q, 1 / _V)
        at = self._start + self._span * chance.random() / 2
        while at < self._start + self._span:
            self._order(at, chance.gammavariate(_P, 1 / spending))
            left = chance.random() * 2 * _LEFT_CARTS_AN_ORDER
            for _ in range(round(left)):
                self._cart(self._any_time())
            if chance.random() < leaving:
                break
            at += _WEEK * min(chance.expovariate(rate) if rate > 1e-9 else 1e6, 1e5)

    def _order(self, at: datetime, cents: float) -> None:
        cart = self._cart(at - timedelta(minutes=self._chance.uniform(5, 30)))
        bought = {"order_id": f"o-{cart}", "cart_id": cart, "revenue": round(max(cents, 1), 2)}
        bought["delivery_date"] = f"{at + timedelta(days=self._chance.randint(2, 9)):%Y-%m-%d}"
        self._deeds.append(Deed(at, self._who, "Order Completed", bought))

    def _cart(self, at: datetime) -> str:
        self._matters += 1
        cart = f"{self._who}-{self._matters}"
        product = {
            "product_id": f"p{self._chance.randrange(100)}",
            "category": self._chance.choice(_CATEGORIES),
        }
        self._deeds.append(Deed(at - timedelta(minutes=3), self._who, "Product Viewed", product))
        self._deeds.append(Deed(at, self._who, "Product Added", {**product, "cart_id": cart}))
        return cart

    def _now_and_then(self, named: Named) -> None:
        often = self._habits.rates.get(named.event, self._habits.often)
        at = self._start
        while often > 0:
            at += _A_MONTH * min(self._chance.expovariate(often), 1e4)
            if at >= self._start + self._span:
                return
            self._deeds.append(Deed(at, self._who, named.event, named.properties(self._chance, at)))

    def _with_matters(self, deeds: list[Deed], named: list[Named]) -> Iterator[Deed]:
        """Events that tell matters apart: what begins one has a key of its own, the others the newest one's."""
        by_event = {one.event: one for one in named if one.key}
        newest: dict[str, str] = {}
        for deed in deeds:
            one, told = by_event.get(deed.event), deed
            if one and one.key not in deed.properties:
                if one.begins or one.key not in newest:
                    self._matters += 1
                    newest[one.key] = f"{self._who}-{self._matters}"
                told = replace(deed, properties={**deed.properties, one.key: newest[one.key]})
            elif one:
                newest[one.key] = deed.properties[one.key]
            yield told

    def _any_time(self) -> datetime:
        return self._start + self._span * self._chance.random()
