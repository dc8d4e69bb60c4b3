"""A journey walked by many, before anybody walks it: who enters, what they get, how they leave, and what it costs."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from services.delivery.domain.pressure.policy import InForce
from services.journeys.domain.nodes import Survey
from services.scoring.domain.definitions import Definition
from services.simulations.domain.cost import Cost, Tariff, cost_of
from services.simulations.domain.deeds import Being, Deed
from services.simulations.domain.desk import PRESSING, UNPRESSED
from services.simulations.domain.happened import Happened
from services.simulations.domain.picture import graph, picture
from services.simulations.domain.rates import Rates
from services.simulations.domain.responses import reactions
from services.simulations.domain.source import Source, Wording
from services.simulations.domain.world import World

_A_DAY = timedelta(days=1)
COMMERCIAL = Wording.model_validate({"class": "commercial", "purpose": "newsletter"})
"""What a message is taken for of which nothing is known."""


@dataclass
class Outcome:
    """What came of a simulation. Counts are of walks, messages, and things that people did with them; `standing` are
    walks by the node where a day ends for them.

    `held` and `pressed` are messages that contact pressure let wait and did not let go, by reason, rule and channel;
    one may have waited for several reasons. `pressed_by_day` are both, `waiting` those that wait when it ends."""

    people: int = 0
    deeds: int = 0
    entered: int = 0
    walkers: set[str] = field(default_factory=set)
    under_way: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    pressed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    pressed_by_day: Counter[tuple[date, str]] = field(default_factory=Counter)
    waiting: int = 0
    by_day: Counter[tuple[date, str]] = field(default_factory=Counter)
    other: Counter[tuple[str, str]] = field(default_factory=Counter)
    responses: Counter[str] = field(default_factory=Counter)
    standing: Counter[tuple[date, str]] = field(default_factory=Counter)
    passed: int = 0
    cost: Cost | None = None
    mermaid: str = ""
    dot: str = ""

    def rows(self) -> Iterator[tuple[str, str, str, int]]:
        """What came of it for people to read: what, of which kind, how, and how often; most often first."""
        for name, one in (("left", self.exits), ("refused", self.refused), ("did", self.responses)):
            for what, times in sorted(one.items(), key=lambda pair: -pair[1]):
                yield name, what, "", times
        for name, two in (("sent", self.sent), ("not sent", self.skipped), ("asked for", self.other)):
            for (what, how), times in sorted(two.items(), key=lambda pair: -pair[1]):
                yield name, what, how, times
        for name, three in (("pressure: waited", self.held), ("pressure: dropped", self.pressed)):
            for (reason, rule, channel), times in sorted(three.items(), key=lambda pair: -pair[1]):
                yield name, f"{reason} {rule}".rstrip(), channel, times

    def document(self) -> dict[str, Any]:
        """As JSON; the same simulation gives the same text."""
        return {
            "people": self.people,
            "events": self.deeds,
            "entered": self.entered,
            "people_who_entered": len(self.walkers),
            "under_way": self.under_way,
            "refused": dict(sorted(self.refused.items())),
            "exits": dict(sorted(self.exits.items())),
            "sent": [[*key, n] for key, n in sorted(self.sent.items())],
            "skipped": [[*key, n] for key, n in sorted(self.skipped.items())],
            "pressure": {
                "waited": [[*key, n] for key, n in sorted(self.held.items())],
                "dropped": [[*key, n] for key, n in sorted(self.pressed.items())],
                "by_day": [[str(day), reason, n] for (day, reason), n in sorted(self.pressed_by_day.items())],
                "still_waiting": self.waiting,
            },
            "sent_by_day": [[str(day), channel, n] for (day, channel), n in sorted(self.by_day.items())],
            "standing_by_day": [[str(day), node, n] for (day, node), n in sorted(self.standing.items())],
            "asked_for": [[*key, n] for key, n in sorted(self.other.items())],
            "responses": dict(sorted(self.responses.items())),
            "nodes_passed": self.passed,
            "cost_usd": self.cost.document() if self.cost else None,
            "mermaid": self.mermaid,
            "dot": self.dot,
        }


class Simulation:
    """One journey and the people who may walk it. `definitions` are what it refers to; without a `tariff` nothing is
    said of costs."""

    def __init__(
        self,
        source: Source,
        definitions: Iterable[Definition],
        start: datetime,
        rates: Rates,
        seed: int,
        pressure: InForce = UNPRESSED,
        tariff: Tariff | None = None,
    ) -> None:
        self._document, self._wordings = source.document(), source.messages
        self._rates, self._seed, self._tariff = rates, seed, tariff
        self._world = World(
            [self._document],
            definitions,
            start,
            self._wordings,
            unworded=COMMERCIAL,
            pressure=pressure,
            witness=self._see,
        )
        self._agenda: list[tuple[datetime, int, Deed]] = []
        self._order = count()
        self._day = start
        self._received: Counter[str] = Counter()
        self.outcome = Outcome()

    def run(self, beings: Iterable[Being], end: datetime, report: Callable[[int, int], None]) -> Outcome:
        """Let everybody live until `end`; `report` is told how much is done, and of how much."""
        for being in beings:
            self._world.meet(being.who, being.traits, being.consents)
            self.outcome.people += 1
            for deed in being.deeds:
                self._plan(deed)
        while self._agenda and self._agenda[0][0] <= end:
            at, _, deed = heapq.heappop(self._agenda)
            self._live_until(at)
            deed.happen(self._world)
            self.outcome.deeds += 1
            report(self.outcome.deeds, self.outcome.deeds + len(self._agenda))
        self._live_until(end)
        self._world.run_until(end)
        return self._closed()

    def _live_until(self, at: datetime) -> None:
        """Up to a moment, with a look at where people are at the end of each day."""
        while self._day + _A_DAY <= at:
            self._world.run_until(self._day + _A_DAY, inclusive=False)
            for node, walks in self._world.journeys[self._document.name].where.items():
                self.outcome.standing[self._day.date(), node] = walks
            self._day += _A_DAY
        self._world.run_until(at, inclusive=False)

    def _plan(self, deed: Deed) -> None:
        heapq.heappush(self._agenda, (deed.at, next(self._order), deed))

    def _closed(self) -> Outcome:
        outcome, journey = self.outcome, self._world.journeys[self._document.name]
        outcome.under_way = outcome.entered - sum(outcome.exits.values())
        outcome.waiting = self._world.waiting
        outcome.passed = journey.steps
        if self._tariff:
            outcome.cost = cost_of(outcome.entered, journey.steps, outcome.sent, self._tariff)
        outcome.mermaid = picture(self._document, journey.passed, outcome.entered)
        outcome.dot = graph(self._document, journey.passed, outcome.entered, journey.where)
        return outcome

    def _see(self, one: Happened) -> None:
        outcome, said = self.outcome, one.said
        if one.kind == "entered":
            outcome.entered += 1
            outcome.walkers.add(one.who)
        elif one.kind == "refused":
            outcome.refused[said["reason"]] += 1
        elif one.kind == "exits":
            outcome.exits[said["reason"]] += 1
        elif one.kind in ("skipped", "held"):
            self._stopped(one)
        elif one.kind == "messages":
            outcome.sent[said["template"], said["channel"]] += 1
            outcome.by_day[one.at.date(), said["channel"]] += 1
            self._respond(one)
        else:
            outcome.other[one.kind, str(said.get("title") or said.get("sink") or said["node"])] += 1

    def _stopped(self, one: Happened) -> None:
        outcome, said = self.outcome, one.said
        if one.kind == "skipped":
            outcome.skipped[said["template"], said["reason"]] += 1
        if said["reason"] in PRESSING:
            counts = outcome.held if one.kind == "held" else outcome.pressed
            counts[said["reason"], said.get("rule", ""), said["channel"]] += 1
            outcome.pressed_by_day[one.at.date(), said["reason"]] += 1

    def _respond(self, one: Happened) -> None:
        self._received[one.who] += 1
        chance = random.Random(f"{self._seed}:{one.who}:{self._received[one.who]}")  # noqa: S311 no secret
        node = self._document.nodes[one.said["node"]]
        purpose = self._wordings.get(one.said["template"], COMMERCIAL).purpose or ""
        survey = node if isinstance(node, Survey) else None
        for deed in reactions(
            self._rates, chance, one.who, one.at, one.said["channel"], purpose=purpose, survey=survey
        ):
            self.outcome.responses[deed.event] += 1
            self._plan(deed)
