"""Delivery's own use cases around tables in memory and a provider that takes everything: what it would do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.delivery.domain.contact import Contact
from services.delivery.domain.message import OPEN, WAITING, Message
from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.pressure.policy import InForce
from services.delivery.domain.protocol import RETRY_AFTER, Answer, Sent, kept_late
from services.delivery.domain.templates.documents import Template
from services.delivery.ports.messages import ClaimVerdict, Outgoing
from services.delivery.use_cases.sweep_messages import SweepMessages
from services.shared.clock import FixedClock, from_iso, to_iso
from services.shared.contracts.messages import MessageRequest
from tests.support.no_pressure import NoLedgers, pressure_by
from tests.support.sending import Plain, sending

MINUTE = timedelta(minutes=1)


class Tables(Plain):
    """Messages by id, and when those left that did (`left`, ISO). Everybody permits everything."""

    def __init__(
        self, in_force: InForce, contacts: Mapping[str, Contact], templates: Mapping[str, Template]
    ) -> None:
        self.messages: dict[str, Message] = {}
        self.left: dict[str, str] = {}
        self._contacts, self._templates = contacts, templates
        self._clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
        self._ledgers = _Ledgers()
        me, pressure = self._ports(), pressure_by(in_force, self._ledgers)
        self._sending = sending(me, pressure=pressure, clock=self._clock, channels=("email", "sms"))
        after = timedelta(minutes=15)
        self._sweeping = SweepMessages(messages=me, sending=self._sending, clock=self._clock, after=after)
        self._sending.refresh()

    def take(self, request: MessageRequest) -> None:
        """A request arrives at the moment at which it was made."""
        self._set(request.requested_at)
        template, contact = self._templates[request.template], self._contacts[request.profile_id]
        self._sending.take(request, template, contact, self.messages.get(request.send_id))

    def sweep_until(self, at: datetime) -> None:
        """The sweep comes with every full minute; minutes at which nothing waits long enough are left out."""
        while waiting := [
            from_iso(one.claimed_at) for one in self.messages.values() if one.status in WAITING
        ]:
            due = min(waiting) + RETRY_AFTER
            minute = due.replace(second=0, microsecond=0) + MINUTE
            if minute > at:
                break
            self._set(minute)
            self._sweeping.run(lambda: True)

    def _set(self, at: datetime) -> None:
        self._clock.advance(at - self._clock.now())

    def _ports(self) -> Any:
        return self

    # `Messages`

    def create(self, message: Message) -> Message:
        return self.messages.setdefault(message.send_id, message)

    def get(self, send_id: str) -> Message | None:
        return self.messages.get(send_id)

    def known(self, send_ids: Iterable[str]) -> dict[str, Message]:
        return {one: self.messages[one] for one in send_ids if one in self.messages}

    def update(self, seen: Message, new: Message) -> None:
        assert self.messages.get(seen.send_id, seen) == seen
        self.messages[seen.send_id] = new

    def claim(self, seen: Message, new: Message, ledger: Ledger) -> ClaimVerdict:
        assert self._ledgers.keep(new.profile_id, ledger)
        if not kept_late(seen, new):
            self.update(seen, new)
        return "claimed"

    def open_before(self, moment: datetime) -> Iterator[str]:
        return self._since(OPEN, moment)

    def retry_before(self, moment: datetime) -> Iterator[str]:
        return self._since(WAITING, moment)

    def _since(self, statuses: Iterable[str], moment: datetime) -> Iterator[str]:
        found = [one for one in self.messages.values() if one.status in statuses]
        return (one.send_id for one in found if one.claimed_at < to_iso(moment))

    # `Gates` and `Templates`, as far as a send asks them

    def reach(self, profile_ids: Iterable[str]) -> dict[str, Contact]:
        return {one: self._contacts[one] for one in profile_ids}

    def active(self, name: str) -> Template:
        return self._templates[name]

    # `Sender`

    def send(self, outgoing: Outgoing) -> Answer:
        self.left[outgoing.send_id] = to_iso(outgoing.at)
        return Sent("p1")


class _Ledgers(NoLedgers):
    def __init__(self) -> None:
        self._kept: dict[str, Ledger] = {}

    def get(self, subject: str) -> Ledger:
        return self._kept.get(subject, Ledger())

    def keep(self, subject: str, ledger: Ledger) -> bool:
        if ledger.revision != self.get(subject).revision:
            return False
        self._kept[subject] = replace(ledger, revision=ledger.revision + 1)
        return True
