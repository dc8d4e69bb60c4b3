"""Rules of a shop and the events they are asked about: 60 names of events, some far more frequent than others."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

Rule = tuple[str, dict[str, Any]]
"""The key of an event (`track:Event 3`), and the filter that its properties must pass."""

NAMES = 60
EXPONENT = 0.9
"""Of the Zipf law that both the frequency of an event and the number of rules about it follow."""

TEXTS: dict[str, list[str]] = {
    "category": [f"category-{n}" for n in range(40)],
    "brand": [f"brand-{n}" for n in range(120)],
    "country": ["NL", "BE", "DE", "FR", "GB", "US", "ES", "IT", "PL", "SE", "DK", "AT"],
    "plan": ["free", "trial", "basic", "pro", "enterprise"],
    "device": ["mobile", "desktop", "tablet", "tv"],
    "campaign": [f"2026-w{week:02d}-{what}" for week in range(1, 53) for what in ("news", "sale", "winback")],
    "channel": ["email", "search", "social", "direct", "affiliate", "store"],
    "coupon": [f"SAVE{n}" for n in range(30)],
}
NUMBERS: dict[str, tuple[float, float]] = {
    "total": (5, 400),
    "quantity": (1, 20),
    "discount": (0, 60),
    "duration": (1, 1800),
    "score": (0, 100),
    "items": (1, 12),
}
FLAGS = ("first", "gift", "logged_in")
LINES = "products"
PROPERTIES = (*TEXTS, *NUMBERS, *FLAGS)
_LINE_TEXTS, _LINE_NUMBERS = ("category", "brand"), {"price": (1.0, 200.0), "quantity": (1.0, 5.0)}


class Shop:
    """Draws rules and events; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._weights = list(accumulate(1 / (n + 1) ** EXPONENT for n in range(NAMES)))
        self._properties = [self._random.sample(PROPERTIES, self._random.randint(5, 9)) for _ in range(NAMES)]
        self._has_lines = [n % 3 == 0 for n in range(NAMES)]

    def rules(self, count: int) -> list[Rule]:
        """So many rules, of two or three tests each, now and then an `any` or a `none` among them."""
        return [self._rule() for _ in range(count)]

    def events(self, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """So many events: key and properties, a tenth of which is missing."""
        for _ in range(count):
            name = self._name()
            yield _key(name), self._event(name)

    def _name(self) -> int:
        return self._random.choices(range(NAMES), cum_weights=self._weights)[0]

    def _rule(self) -> Rule:
        name, draw = self._name(), self._random
        tests = [self._test(draw.choice(self._properties[name])) for _ in range(draw.choice((2, 2, 3)))]
        if self._has_lines[name] and draw.random() < 0.3:
            tests[-1] = {"line": LINES, "where": self._line_test()}
        shape = draw.random()
        if shape < 0.08:
            tests[1:] = [{"any": [*tests[1:], self._test(draw.choice(self._properties[name]))]}]
        elif shape < 0.14:
            tests[-1:] = [{"none": tests[-1:]}]
        return _key(name), {"all": tests}

    def _line_test(self) -> dict[str, Any]:
        text = self._random.choice(_LINE_TEXTS)
        test = {"prop": text, "eq": self._skewed(TEXTS[text])}
        if self._random.random() < 0.5:
            return test
        number = self._random.choice(list(_LINE_NUMBERS))
        return {"all": [test, {"prop": number, "gte": self._amount(*_LINE_NUMBERS[number])}]}

    def _test(self, name: str) -> dict[str, Any]:
        draw = self._random
        if draw.random() < 0.07:
            return {"prop": name, "exists": draw.random() < 0.7}
        if name in FLAGS:
            return {"prop": name, "eq": draw.random() < 0.5}
        if name in NUMBERS:
            return {"prop": name, draw.choice(("gt", "gte", "lt", "lte")): self._amount(*NUMBERS[name])}
        if draw.random() < 0.35:
            return {"prop": name, "in": draw.sample(TEXTS[name], draw.randint(2, min(5, len(TEXTS[name]))))}
        return {"prop": name, "eq": self._skewed(TEXTS[name])}

    def _event(self, name: int) -> dict[str, Any]:
        properties = {key: self._value(key) for key in self._properties[name] if self._random.random() < 0.9}
        if self._has_lines[name]:
            properties[LINES] = [self._line() for _ in range(self._random.randint(1, 4))]
        return properties

    def _line(self) -> dict[str, Any]:
        texts = {key: self._skewed(TEXTS[key]) for key in _LINE_TEXTS}
        return texts | {key: self._amount(*between) for key, between in _LINE_NUMBERS.items()}

    def _value(self, name: str) -> Any:
        if name in FLAGS:
            return self._random.random() < 0.5
        return self._amount(*NUMBERS[name]) if name in NUMBERS else self._skewed(TEXTS[name])

    def _amount(self, low: float, high: float) -> float:
        return round(self._random.uniform(low, high), 2)

    def _skewed(self, texts: list[str]) -> str:
        """The earlier ones more often."""
        return texts[int(len(texts) * self._random.random() ** 2)]


def _key(name: int) -> str:
    return f"track:Event {name}"
