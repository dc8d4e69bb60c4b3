"""A withdrawal against a queued, waiting or claimed send, explored to the end: the real use case runs around a model
of the tables, and between any two of its calls any fact that is on its way may reach delivery's copy. F32, F33.

0 sends are claimed once the copy holds the withdrawal, in any of the schedules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from zlib import crc32

import pytest

from services.delivery.domain import protocol
from services.delivery.domain.choice import Permission, Standing
from services.delivery.domain.contact import Contact, Gone
from services.delivery.domain.message import OPEN, Message
from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.protocol import Answer, Refused, Retry, Sent, Unknown
from services.delivery.domain.templates.documents import Template, TemplateDocument
from services.delivery.ports.messages import ClaimVerdict, Outgoing, Stale
from services.delivery.ports.pressure import Ledgers
from services.delivery.use_cases.send_messages import NotSentYet, SendMessages
from services.shared.clock import Clock, FixedClock, to_iso
from services.shared.contracts.consent import ConsentChange
from services.shared.contracts.messages import MessageRequest
from tests.support.no_pressure import NoLedgers, no_pressure
from tests.support.sending import Plain, sending
from tests.support.thorough import EXHAUSTIVE

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN = Contact(profile_id="prf_1", version=1, email="ann@example.com")
REQUEST = MessageRequest(
    send_id="snd_1", template="news", channels=["email"], requested_at=NOW, profile_id="prf_1"
)
NEWS = Template(
    "news",
    1,
    TemplateDocument.model_validate(
        {
            "class": "commercial",
            "purpose": "news",
            "channels": {"email": {"subject": "News", "text": "Hello {{ unsubscribe_url }}"}},
        }
    ),
)
ANSWERS: tuple[Answer, ...] = (Sent("p1"), Retry("throttled"), Unknown("timeout"), Refused("no"))
TURNS = 2
BEGINNING = 14
"""Choices by which schedules are told apart that are walked in parts."""


class Choices:
    """Every sequence of choices, one after the other: `of(n)` is the next choice among n of this schedule. Of `parts`
    of them all, those of one `part`, by how they begin, and one of each other beginning."""

    def __init__(self, part: int = 0, parts: int = 1) -> None:
        self._taken: list[tuple[int, int]] = []
        self._next = 0
        self._part, self._parts = part, parts

    def of(self, number: int) -> int:
        if self._next == len(self._taken):
            self._taken.append((0, number))
        self._next += 1
        return self._taken[self._next - 1][0]

    def again(self) -> bool:
        """Begin the next schedule; false when there is none."""
        self._next = 0
        begins = bytes(choice for choice, _ in self._taken[:BEGINNING])
        if crc32(begins) % self._parts != self._part:
            del self._taken[BEGINNING:]
        while self._taken and self._taken[-1][0] == self._taken[-1][1] - 1:
            self._taken.pop()
        if not self._taken:
            return False
        index, number = self._taken.pop()
        self._taken.append((index + 1, number))
        return True


@dataclass
class World(Plain):
    """Delivery's tables, what is on its way to them, and what the provider took."""

    choices: Choices
    facts: list[ConsentChange | str]
    careful: bool = True
    message: Message | None = None
    copy: ConsentChange | None = None
    suppressed: bool = False
    apart: int = 1
    """Facts, the first ones, that come in two steps."""

    revision: int = 0
    """Of the person's ledger."""

    told: tuple[ConsentChange | None, bool] = (None, False)
    """The copy and the suppression as the ledger last moved on for: what delivery has taken in for good."""

    claims: list[tuple[str, bool]] = field(default_factory=list)
    """Of each claim: the entry relied on, and whether the copy allowed that."""

    sends: list[str] = field(default_factory=list)

    def pause(self) -> None:
        """Between two calls: no fact arrives, or the next, or the next two …"""
        while self.facts and self.choices.of(2):
            self.arrive()

    def arrive(self) -> None:
        """A fact is written down, and then the ledger moves on: two steps, between which anything may happen."""
        fact = self.facts.pop(0)
        if fact == TOLD:
            self._move_on()
            return
        if isinstance(fact, str):
            self.suppressed = True
        elif self.copy is None or self.copy.sequence < fact.sequence:
            self.copy = fact
        self.apart -= 1
        if self.apart >= 0:
            self.facts.insert(0, TOLD)
        else:
            self._move_on()

    def _move_on(self) -> None:
        self.revision += 1
        self.told = (self.copy, self.suppressed)

    def allows(self, entry_id: str) -> bool:
        """May a claim rely on this entry, by what was taken in for good or by what is written down since?"""
        return any(
            copy is not None and copy.state == "granted" and not suppressed and copy.entry_id == entry_id
            for copy, suppressed in (self.told, (self.copy, self.suppressed))
        )

    # `Messages`

    def create(self, message: Message) -> Message:
        self.pause()
        self.message = self.message or message
        return self.message

    def get(self, send_id: str) -> Message | None:
        return self.message

    def update(self, seen: Message, new: Message) -> None:
        if not self._stands(seen):
            raise Stale(self.message)
        self.message = new

    def _stands(self, seen: Message) -> bool:
        if seen.status == "pending":
            return self.message is None or self.message.status == "pending"
        return self.message == seen

    def claim(self, seen: Message, new: Message, ledger: Ledger) -> ClaimVerdict:
        """The ledger first, which is the claim, and then the message; not `careful`: as a claim does that looked at the
        gates before, and only then."""
        self.pause()
        if self.careful and ledger.revision != self.revision:
            return "crowded"
        self.claims.append((new.consent_entry_id, self.allows(new.consent_entry_id)))
        self.pause()
        if not self._stands(seen):
            return "taken"
        self.message = new
        return "claimed"

    def open_before(self, moment: datetime) -> Iterator[str]:
        raise AssertionError("not asked")

    retry_before = open_before

    def forget(self, send_id: str) -> None:
        raise AssertionError("not asked")

    # `Gates`, as far as a send asks them

    def standings(self, addresses: Mapping[str, tuple[str, str]], purpose: str) -> dict[str, Standing]:
        self.pause()
        permission = Permission(self.copy.state, self.copy.entry_id) if self.copy else None
        ((address, key),) = addresses.values()
        return {"email": Standing(address, key, "complained" if self.suppressed else "", permission)}

    def reach(self, profile_ids: Iterable[str]) -> dict[str, Contact | Gone]:
        return {"prf_1": ANN}

    # `Policies`, `Templates`, `Sender`

    def current(self) -> None:
        return None

    def active(self, name: str) -> Template:
        return NEWS

    def send(self, outgoing: Outgoing) -> Answer:
        self.pause()
        answer = ANSWERS[self.choices.of(len(ANSWERS))]
        if isinstance(answer, Sent | Unknown):
            self.sends.append(outgoing.send_id)
        return answer


class MovingLedger(NoLedgers):
    """The person's: nothing was sent, but what changes about the address moves it on."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get(self, subject: str) -> Ledger:
        self._world.pause()
        return Ledger(revision=self._world.revision)


def sender(world: Any, clock: Clock | None = None, ledgers: Ledgers | None = None) -> SendMessages:
    return sending(world, pressure=no_pressure(ledgers), clock=clock or FixedClock(NOW))


def change(number: int, state: Any) -> ConsentChange:
    return ConsentChange(
        address_key="adr_1",
        purpose="news",
        channel="email",
        state=state,
        entry_id=f"cns_{number}",
        text_version="1",
        sequence=number,
        at=NOW + timedelta(seconds=number),
    )


GIVEN, TAKEN, AGAIN, ENDED = (
    change(1, "granted"),
    change(2, "revoked"),
    change(3, "granted"),
    change(4, "revoked"),
)
COMPLAINT, TOLD = "complained", "told"
ON_THEIR_WAY: dict[str, list[list[ConsentChange | str]]] = {
    "withdrawn": [[TAKEN]],
    "withdrawn, told twice and late": [[TAKEN, GIVEN], [TAKEN, TAKEN]],
    "withdrawn and given again": [[TAKEN, AGAIN]],
    "complained, and then it is in the ledger": [[COMPLAINT, TAKEN], [TAKEN, COMPLAINT]],
}
AT_LENGTH: dict[str, list[list[ConsentChange | str]]] = {
    "withdrawn and given again, in any order": [list(order) for order in permutations([TAKEN, AGAIN])],
    "withdrawn, given and withdrawn, in any order": [list(o) for o in permutations([TAKEN, AGAIN, ENDED])],
    "all of it and a complaint": [[TAKEN, AGAIN, COMPLAINT, ENDED], [ENDED, AGAIN, TAKEN, COMPLAINT]],
}


def live(world: World) -> None:
    """A message's life: it waits in the queue, is delivered again, is tried again by the sweep, is given up."""
    sending, turns = sender(world, ledgers=MovingLedger(world)), 0
    while turns < TURNS:
        turns += 1
        world.pause()
        stored = world.message
        try:
            if stored is None or world.choices.of(2):
                sending.take(REQUEST, NEWS, ANN, stored)
            elif stored.status == "retry":
                sending.retry(stored)
            elif stored.status in OPEN:
                sending.give_up(stored)
            else:
                return
        except NotSentYet:
            continue


def explored(scripts: Sequence[Sequence[ConsentChange | str]], *, careful: bool = True) -> Iterator[World]:
    """The end of every schedule."""
    for script in scripts:
        choices = Choices()
        while True:
            apart = len(script) if EXHAUSTIVE and len(script) < 3 else 1
            world = World(choices, list(script), careful, copy=GIVEN, told=(GIVEN, False), apart=apart)
            live(world)
            yield world
            if not choices.again():
                break


def hold(worlds: Iterable[World], seen: Callable[[World], None]) -> int:
    """How many schedules there were; in each, every claim relied on what the copy held and allowed at that moment."""
    number = 0
    for world in worlds:
        number += 1
        assert all(allowed for _, allowed in world.claims), world
        assert len(world.sends) <= 1, world
        assert len(world.sends) <= len(world.claims), world
        seen(world)
    return number


@pytest.mark.capability("003-22")
@pytest.mark.capability("001-18")
@pytest.mark.parametrize("name", [*ON_THEIR_WAY, *(AT_LENGTH if EXHAUSTIVE else ())])
def test_no_send_is_claimed_once_the_copy_holds_the_withdrawal(name: str) -> None:
    ends: Counter[str] = Counter()

    def count(world: World) -> None:
        assert world.message is not None
        ends[f"{world.message.status} {world.message.reason}".strip()] += 1
        ends["claimed"] += bool(world.claims)
        ends["never claimed"] += not world.claims

    number = hold(explored({**ON_THEIR_WAY, **AT_LENGTH}[name]), count)
    assert number > 100
    assert ends["claimed"]
    assert ends["never claimed"]
    assert ends["skipped no_consent"] + ends["skipped suppressed"]
    assert ends["sent"]


def test_the_model_finds_a_claim_that_does_not_look_again() -> None:
    """Were the gates only read before the claim, the withdrawal in between would be overlooked."""
    overlooked = [
        world
        for world in explored(ON_THEIR_WAY["withdrawn"], careful=False)
        if not all(allowed for _, allowed in world.claims)
    ]
    assert overlooked
    assert any(world.sends for world in overlooked)


def test_a_waiting_message_is_held_back_when_its_turn_comes() -> None:
    """Throttled while permitted, withdrawn while it waits: the sweep skips it, and says why."""
    world = World(Choices(), [], copy=GIVEN)
    waiting = protocol.claimed(
        replace(_pending(), message_class="commercial", purpose="news"),
        protocol.Claim("att_0", "email", "adr_1", "cns_1", ()),
        NOW,
    )
    world.message = protocol.answered(waiting, "att_0", Retry("throttled"), NOW)
    world.copy = TAKEN
    assert world.message is not None
    assert sender(world).retry(world.message) == "skipped"
    assert (world.message.reason, world.sends) == ("no_consent", [])


def _pending() -> Message:
    return Message(
        send_id="snd_1", template="news", channels=("email",), requested_at=to_iso(NOW), profile_id="prf_1"
    )
