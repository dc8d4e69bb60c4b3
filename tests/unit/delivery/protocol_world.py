"""One message, a provider and a table in memory, around the real use cases: whatever may go wrong is a choice.

A worker may die before and after each write and each send, or stall until the queue has delivered the request again or
the sweep has come by; an answer may be lost, that to a claim too, and so may feedback, or it comes before the answer,
or long after. A report of which nothing is kept comes again with whatever happens next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from services.delivery.domain.choice import Standing
from services.delivery.domain.contact import Contact, Gone
from services.delivery.domain.feedback import Feedback
from services.delivery.domain.message import OPEN, WAITING, Message
from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.protocol import Answer, Refused, Retry, Sent, Unknown, kept_late
from services.delivery.domain.templates.documents import Template, TemplateDocument
from services.delivery.ports.messages import ClaimVerdict, Outgoing, Stale
from services.delivery.use_cases.note_feedback import UNKEPT, NoteFeedback
from services.delivery.use_cases.send_messages import NotSentYet
from services.delivery.use_cases.sweep_messages import SweepMessages
from services.shared.clock import FixedClock, to_iso
from services.shared.contracts.messages import MessageRequest
from tests.support.no_pressure import NoLedgers
from tests.support.sending import Plain
from tests.unit.delivery.test_withdrawal_race import sender

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN = Contact(profile_id="prf_1", version=1, email="ann@example.com")
AFTER = timedelta(minutes=15)
DELIVERIES = 3
SWEEPS = 2
OUTCOMES = ("accepted", "lost answer", "lost request", "refused", "throttled")
REQUEST = MessageRequest(
    send_id="snd_1", template="news", channels=["email"], requested_at=NOW, profile_id="prf_1"
)
_CHANNELS = {"email": {"subject": "News", "text": "Hello {{ unsubscribe_url }}"}}
TEMPLATES = {
    name: Template(
        "news",
        1,
        TemplateDocument.model_validate({"class": name, "channels": _CHANNELS, **purpose}),
    )
    for name, purpose in (("commercial", {"purpose": "news"}), ("service", {}))
}


class Chooses(Protocol):
    """Decides what happens next."""

    def of(self, number: int) -> int:
        """One of `number` ways to go on; 0 is the plain one."""
        ...


class Death(BaseException):
    """A worker ended in the middle of it."""


@dataclass
class World(Plain):
    """The tables, the provider, and what happened; `trouble` is off while the rest is worked off at the end."""

    choices: Chooses
    message_class: str
    fickle: bool = False
    """Do people change their minds? They may withdraw their permission before any look at it."""

    repeats: bool = True
    """May the SDK repeat a claim whose answer was lost?"""

    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    message: Message | None = None
    ledger: Ledger = field(default_factory=Ledger)
    reports: list[Feedback] = field(default_factory=list)
    accepted: int = 0
    told: int = 0
    trouble: bool = True
    stalled: bool = False
    unanswered: bool = False
    withdrawn: bool = False
    deliveries: int = 0
    trail: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        world: Any = self
        self.sending = sender(world, self.clock, _Ledgers(self))
        self.sweeping = SweepMessages(messages=world, sending=self.sending, clock=self.clock, after=AFTER)
        self.noting = NoteFeedback(messages=world, gates=world, ledgers=NoLedgers())

    # What happens to it

    def deliver(self) -> None:
        """The queue brings the request, once more."""
        self.deliveries += 1
        self.clock.advance(timedelta(minutes=1))
        stale = self.trouble and self.message is not None and self.choices.of(2)
        known = None if stale else self.message
        self._work(lambda: self.sending.take(REQUEST, TEMPLATES[self.message_class], ANN, known))
        self._hear_again()

    def sweep(self) -> None:
        """The sweep comes by when all that is open is due."""
        self.clock.advance(AFTER + timedelta(minutes=1))
        self._work(lambda: self.sweeping.run(lambda: True))
        self._hear_again()

    def hear(self) -> None:
        """The provider's feedback arrives, again and again until it is noted."""
        self.told += 1
        self._hear(Feedback("delivered", "snd_1", "p1", self.clock.now()))

    def _hear(self, report: Feedback) -> None:
        trouble = self.trouble
        for self.trouble in (trouble, False):
            self._work(lambda: self._note(report))
        self.trouble = trouble

    def _note(self, report: Feedback) -> None:
        if self.noting.note(report) == UNKEPT and report not in self.reports:
            self.trail.append("feedback before anything is kept")
            self.reports.append(report)

    def _hear_again(self) -> None:
        waiting, self.reports = self.reports, []
        for report in waiting:
            self._hear(report)

    def may_hear(self, when: str) -> None:
        """Feedback on what was accepted arrives now, or does not."""
        if self.accepted and not self.told and self.choices.of(2):
            self.trail.append(f"feedback {when}")
            self.hear()

    def _work(self, what: Any) -> None:
        try:
            what()
        except (Death, NotSentYet, Stale) as end:
            self.trail.append(type(end).__name__)

    def _danger(self, where: str) -> None:
        if self.trouble and self.choices.of(2):
            self.trail.append(f"dies {where}")
            raise Death

    def _stall(self) -> None:
        """Others may be quicker while this worker sleeps: once in a schedule."""
        if not self.trouble or self.stalled:
            return
        other = self.choices.of(3)
        if other:
            self.stalled = True
            self.trail.append("stalls while it is delivered" if other == 1 else "stalls while it is swept")
            (self.deliver if other == 1 else self.sweep)()

    # `Messages`

    def create(self, message: Message) -> Message:
        self._danger("before it is kept")
        self.message = self.message or message
        return self.message

    def get(self, send_id: str) -> Message | None:
        return self.message

    def known(self, send_ids: Iterable[str]) -> dict[str, Message]:
        return {"snd_1": self.message} if self.message else {}

    def update(self, seen: Message, new: Message) -> None:
        self._danger("before the outcome is kept")
        if not self._stands(seen):
            raise Stale(self.message)
        self.message = new

    def _stands(self, seen: Message) -> bool:
        if seen.status == "pending":
            return self.message is None or self.message.status == "pending"
        return self.message == seen

    def claim(self, seen: Message, new: Message, ledger: Ledger) -> ClaimVerdict:
        self._danger("before the claim")
        self._stall()
        if ledger.revision != self.ledger.revision:
            return "crowded"
        self.ledger = replace(ledger, revision=ledger.revision + 1)
        self.trail.append(f"claimed as {new.attempt_id}")
        if self.repeats and self.trouble and not self.unanswered and self.choices.of(2):
            self.unanswered = True
            self.trail.append("the claim is repeated, and refused by itself")
            return "crowded"
        if kept_late(seen, new):
            return "claimed"
        self._danger("between ledger and message")
        if not self._stands(seen):
            return "taken"
        self.message = new
        return "claimed"

    def open_before(self, moment: datetime) -> Iterator[str]:
        return self._due(OPEN, moment)

    def retry_before(self, moment: datetime) -> Iterator[str]:
        return self._due(WAITING, moment)

    def _due(self, statuses: Iterable[str], moment: datetime) -> Iterator[str]:
        message = self.message
        if message and message.swept and message.status in statuses and message.claimed_at < to_iso(moment):
            yield message.send_id

    # `Gates` and `Templates`, as far as a send asks them

    def standings(self, addresses: Mapping[str, tuple[str, str]], purpose: str) -> dict[str, Standing]:
        if self.fickle:
            self._stall()
        if self.fickle and not self.withdrawn and self.choices.of(2):
            self.withdrawn = True
            self.trail.append("withdraws")
            self.ledger = replace(self.ledger, revision=self.ledger.revision + 1)
        allowed = super().standings(addresses, purpose)
        if not self.withdrawn:
            return allowed
        return {name: replace(one, permission=None) for name, one in allowed.items()}

    def reach(self, profile_ids: Iterable[str]) -> dict[str, Contact | Gone]:
        return {"prf_1": ANN}

    def active(self, name: str) -> Template:
        return TEMPLATES[self.message_class]

    # `Sender`

    def send(self, outgoing: Outgoing) -> Answer:
        self._danger("before the request leaves")
        self._stall()
        outcome = OUTCOMES[self.choices.of(len(OUTCOMES))] if self.trouble else "accepted"
        self.trail.append(outcome)
        if outcome in ("accepted", "lost answer"):
            self.accepted += 1
            self.may_hear("before the answer")
        self._danger("before the answer is heard")
        if outcome == "accepted":
            return Sent("p1")
        if outcome == "refused":
            return Refused("MessageRejected")
        return Retry("throttled") if outcome == "throttled" else Unknown("timeout")


@dataclass
class _Ledgers(NoLedgers):
    """The person's."""

    world: World

    def get(self, subject: str) -> Ledger:
        return self.world.ledger


def live(world: World) -> World:
    """The whole life of a message, until nothing can happen to it any more."""
    while world.deliveries < DELIVERIES:
        world.deliver()
    world.may_hear("before the sweep")
    for _ in range(SWEEPS):
        world.sweep()
    world.trouble = False
    world.deliver()
    for _ in range(3):
        world.sweep()
    world.may_hear("long after")
    sent = world.accepted
    world.deliver()
    world.sweep()
    assert world.accepted == sent, "a replay of the request sent it again"
    return world


def problems(world: World) -> list[str]:
    """What a life must not end in."""
    message = world.message
    assert message is not None
    found = []
    if message.status not in (
        "sent",
        "failed",
        *(("skipped",) if world.withdrawn and not world.accepted else ()),
    ):
        found.append(f"it ends {message.status}")
    if message.status == "failed" and not message.reason:
        found.append("it failed without a reason")
    if message.status == "sent" and not world.accepted:
        found.append("sent, and nobody accepted it")
    if message.status == "failed" and world.told:
        found.append("lost, though the provider told of it")
    if message.status == "failed" and world.accepted and message.reason != "unknown_outcome":
        found.append("lost silently")
    most = 1 if world.message_class == "commercial" else 2
    if world.accepted > most:
        found.append(f"sent {world.accepted} times")
    if world.accepted > 1 and not message.possible_duplicate:
        found.append("sent twice, and not flagged")
    return found
