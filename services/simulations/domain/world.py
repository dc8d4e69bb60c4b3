"""One clock for everything: people, scoring, and journeys on the interpreter.

What somebody does is judged by scoring's domain; what that tells is taken by each journey; traits that a journey sets
are told of in turn, and journeys that it calls begin. Nothing runs but pure code, so the same input gives the same.
Scoring is as quick here as it can be: what time alone changes is told when it is due, not when a sweep comes by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from services.delivery.domain.message import Message
from services.delivery.domain.pressure.policy import InForce
from services.journeys.domain.document import Document
from services.journeys.domain.interpreter import Interpreter
from services.journeys.domain.moves import Ask, AskMessage, AskTask, AskUpdate
from services.journeys.domain.traces import Step
from services.scoring.domain.definitions import Definition
from services.scoring.domain.permissions import Consents
from services.scoring.service.outbox import snapshot
from services.shared.clock import to_iso
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import CallType, CustomerEvent
from services.shared.errors import Invalid
from services.simulations.domain.defined import defined
from services.simulations.domain.desk import UNPRESSED, Desk
from services.simulations.domain.happened import Happened, Kind
from services.simulations.domain.occasions import next_moment, segments_at, segments_of
from services.simulations.domain.people import People
from services.simulations.domain.source import Wording


class World:
    """Journeys and people from `now` on. `wordings` are those of all templates; `unworded` is what a template is that
    has none (`None`: a journey that sends it is refused). Messages leave under `pressure`. `witness` is told of
    everything that comes of it."""

    def __init__(
        self,
        documents: Sequence[Document],
        definitions: Iterable[Definition],
        now: datetime,
        wordings: Mapping[str, Wording],
        *,
        unworded: Wording | None = None,
        pressure: InForce = UNPRESSED,
        witness: Callable[[Happened], None] = lambda _: None,
    ) -> None:
        self.now = now
        self.happened: list[Happened] = []
        self.journeys = {one.name: Interpreter(one, now) for one in documents}
        self.documents = {one.name: one for one in documents}
        self._moments = {one.name: next_moment(one, now) for one in documents}
        self._people = People(defined(documents, definitions, now))
        self._desk = Desk(pressure)
        self._asks: dict[str, tuple[str, Step]] = {}
        self._held: set[tuple[str, str, str]] = set()
        self._wordings, self._unworded, self._witness = wordings, unworded, witness
        self._read: dict[str, int] = defaultdict(int)
        self._events = 0

    def traits(self, who: str) -> Mapping[str, Any]:
        """What is known of somebody."""
        return self._people.traits(who)

    @property
    def waiting(self) -> int:
        """How many messages wait until they may leave."""
        return self._desk.waiting

    def do(
        self, who: str, name: str, properties: Mapping[str, Any], at: datetime, kind: CallType = "track"
    ) -> None:
        """Somebody does something at `at`, which is told now."""
        self._told(self._people.tell(who, self.now, self._event(kind, name, at, properties), {}))

    def meet(self, who: str, traits: Mapping[str, Any], consents: Consents) -> None:
        """Somebody new, who permitted this (by purpose and channel) before.

        Raises:
            Invalid: they have no address on a channel.
        """
        event = self._event("identify", "identify", self.now, {})
        self._told(self._people.meet(who, self.now, event, traits, consents))

    def become(self, who: str, traits: Mapping[str, Any]) -> None:
        """Somebody has these traits from now on; `None` takes one away."""
        event = self._event("identify", "identify", self.now, {})
        self._told(self._people.tell(who, self.now, event, traits))

    def allow(self, who: str, purpose: str, channel: str, state: str) -> None:
        """Somebody gives (`granted`) or takes back (`revoked`) a permission.

        Raises:
            Invalid: they have no address on that channel.
        """
        self._told(self._people.allow(who, self.now, purpose, channel, state))

    def call(self, who: str, journey: str) -> None:
        """A journey is called for somebody.

        Raises:
            Invalid: `unknown_journey`.
        """
        self._journey(journey)
        self._call(who, journey)
        self._listen()

    def happen(self, event: str) -> None:
        """Something happens in the world, for journeys that it begins."""
        for name, document in self.documents.items():
            self._meet_all(name, segments_of(document, event))

    def pause(self, journey: str, policy: Literal["hold", "drop"]) -> None:
        """A journey stands still, or goes on without meeting people."""
        self._journey(journey).pause(self.now, policy)

    def resume(self, journey: str) -> None:
        """The pause is over."""
        self._journey(journey).resume(self.now)

    def run_until(self, at: datetime, *, inclusive: bool = True) -> None:
        """Let everything happen that is due until then. Of one moment, what scoring tells comes first."""
        while (moment := self._next()) is not None and (moment <= at if inclusive else moment < at):
            self.now = max(self.now, moment)
            self._advance()
            self._listen()
        self.now = max(self.now, at)

    def trace(self, who: str) -> dict[str, list[Step]]:
        """What happened to somebody, by journey."""
        return {
            name: steps
            for name, journey in self.journeys.items()
            if (steps := [step for step in journey.trace if step.profile == who])
        }

    def _next(self) -> datetime | None:
        times = [self._people.next_due, self._desk.next_look, *self._moments.values()]
        times += [journey.next_at for journey in self.journeys.values()]
        return min((at for at in times if at is not None), default=None)

    def _advance(self) -> None:
        """The first of what is due."""
        due = self._people.next_due
        if due is not None and due <= self.now:
            self._told(self._people.let_time_pass(self.now))
            return
        for name, at in self._moments.items():
            if at is not None and at <= self.now:
                self._moments[name] = next_moment(self.documents[name], at)
                self._meet_all(name, segments_at(self.documents[name], at))
                return
        for journey in self.journeys.values():
            if journey.next_at is not None and journey.next_at <= self.now:
                journey.run_until(self.now)
                return
        for message in list(self._desk.due(self.now)):
            self._look(message, self.now)

    def _meet_all(self, name: str, segments: Sequence[str]) -> None:
        for who in dict.fromkeys(who for segment in segments for who in self._people.inside(segment)):
            if standing := self._people.standing(who):
                self.journeys[name].occasion(snapshot(standing), self.now, self.now)
        self._listen()

    def _journey(self, name: str) -> Interpreter:
        if name not in self.journeys:
            raise Invalid(
                "unknown_journey", f"there is no journey {name!r} here, but {', '.join(self.journeys)}"
            )
        return self.journeys[name]

    def _event(self, kind: CallType, name: str, at: datetime, properties: Mapping[str, Any]) -> CustomerEvent:
        self._events += 1
        return CustomerEvent(
            message_id=f"m{self._events:09}", type=kind, name=name, at=at, properties=dict(properties)
        )

    def _told(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            for journey in self.journeys.values():
                journey.take(fact, self.now)
        self._listen()

    def _call(self, who: str, journey: str) -> None:
        standing = self._people.standing(who)
        if standing is None:
            raise Invalid(
                "unknown_person", f"nothing is known of {who}, so no journey can be called for them"
            )
        self.journeys[journey].call(snapshot(standing), self.now, self.now)

    # What journeys say

    def _listen(self) -> None:
        """Hear what is new in the traces, and do what it asks for, until nothing is."""
        news = True
        while news:
            news = False
            for name, journey in self.journeys.items():
                while self._read[name] < len(journey.trace):
                    step = journey.trace[self._read[name]]
                    self._read[name] += 1
                    news = True
                    self._heard(name, step)

    def _heard(self, journey: str, step: Step) -> None:
        if step.what == "entered":
            self._note("entered", journey, step, {})
        elif step.what == "refused":
            self._note("refused", journey, step, {"reason": step.detail})
        elif step.what == "left":
            self._note("exits", journey, step, {"reason": step.detail})
            if step.enter in self.journeys:
                self._call(step.profile, step.enter)
        elif step.ask is not None:
            self._asked(journey, step, step.ask)

    def _asked(self, journey: str, step: Step, ask: Ask) -> None:
        if isinstance(ask, AskMessage):
            self._message(journey, step, ask)
        elif isinstance(ask, AskUpdate):
            self._note("updates", journey, step, {"traits": dict(ask.traits)})
            event = self._event("identify", "identify", self.now, {})
            for fact in self._people.tell(step.profile, self.now, event, ask.traits):
                for one in self.journeys.values():
                    one.take(fact, self.now)
        elif isinstance(ask, AskTask):
            self._note("tasks", journey, step, {"title": ask.title, "task": ask.kind, "owner": ask.owner})
        else:
            self._note("webhooks", journey, step, {"sink": ask.sink})

    def _message(self, journey: str, step: Step, ask: AskMessage) -> None:
        wording = self._wordings.get(ask.template, self._unworded)
        if wording is None:
            raise Invalid(
                "unknown_template",
                f"{journey} sends {ask.template!r}: say under messages what it is, "
                f"such as {ask.template}: {{class: commercial, purpose: newsletter}}",
            )
        message = Message(
            send_id=f"{step.profile}:{len(self._asks)}",
            template=ask.template,
            channels=ask.channels,
            requested_at=to_iso(step.at),
            profile_id=step.profile,
            journey=journey,
            node=step.node,
            expires_at=to_iso(ask.expires_at) if ask.expires_at else "",
            priority=self.documents[journey].priority,
            proposition=ask.proposition or "",
            message_class=wording.kind,
            purpose=wording.purpose or "",
        )
        self._asks[message.send_id] = journey, step
        self._look(message, step.at)

    def _look(self, message: Message, now: datetime) -> None:
        """What delivery makes of a message by now."""
        fate = self._desk.look(
            message, self._people.traits(message.profile_id), self._people.permissions, now
        )
        journey, step = self._asks[message.send_id]
        said = {"template": message.template}
        if not fate.reason:
            self._note("messages", journey, step, {**said, "channel": fate.channel}, now)
            return
        stopped = {"reason": fate.reason} | ({"rule": fate.rule} if fate.rule else {})
        if fate.until is None:
            self._note("skipped", journey, step, {**said, **stopped, "channel": fate.channel}, now)
        elif (told := (message.send_id, fate.reason, fate.rule)) not in self._held:
            self._held.add(told)
            self._note("held", journey, step, {**said, **stopped, "channel": fate.channel}, now)

    def _note(
        self, kind: Kind, journey: str, step: Step, said: Mapping[str, Any], at: datetime | None = None
    ) -> None:
        more = {name: value for name, value in (("node", step.node), ("key", step.key)) if value}
        one = Happened(kind, at or step.at, step.profile, journey, {**said, **more})
        self.happened.append(one)
        self._witness(one)
