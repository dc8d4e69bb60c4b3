"""From a request to one attempt: choose a channel, render, claim behind every gate, send once, settle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from services.delivery.domain import protocol
from services.delivery.domain.choice import Skip
from services.delivery.domain.contact import Contact, Gone
from services.delivery.domain.message import Message
from services.delivery.domain.pressure.gate import MERGED
from services.delivery.domain.pressure.ledger import Ledger, Touch, bid_of
from services.delivery.domain.pressure.pauses import PACE
from services.delivery.domain.reports.mailboxes import mailbox_of
from services.delivery.domain.requested import classed, never, owned, pending
from services.delivery.domain.templates.documents import Template
from services.delivery.domain.wishes import Held
from services.delivery.ports.channels import Secret
from services.delivery.ports.content import Templates
from services.delivery.ports.messages import ClaimVerdict, Messages, Outgoing, Sender
from services.delivery.ports.people import Gates
from services.delivery.use_cases.addresses import addresses_of, keys_of
from services.delivery.use_cases.amend import amend
from services.delivery.use_cases.prepare import Prepare, Prepared
from services.delivery.use_cases.pressure import Pressure
from services.shared.clock import Clock, from_iso, to_iso
from services.shared.contracts.messages import AddressedRequest, MessageRequest

CHOICES = 3
"""Times the gates are read again because one of them changed between reading and claiming; and `CROWD` times more
because another message of the person came between."""

CROWD = 20

CONTACT_DUE = timedelta(minutes=15)
"""How long after a request the contact may still be on its way: it travels apart from the request."""

SEEN = 100
"""Latest messages of a person that are looked through for one that a merge would repeat."""

ADDRESS_KEPT = protocol.EXPIRES_AFTER + timedelta(days=30)
"""Longer than an unsettled message keeps the address of somebody without a profile."""

ATTEMPT = 12
"""Characters of an attempt's id. It is told from others of the same message only, and stands in the person's ledger."""

BOUNCED = "bounced"
ERASED = "erased"
PACED = "paced"
"""Held, because the channel sends no faster."""

NewId = Callable[[str], str]


class NotSentYet(Exception):
    """Nothing was attempted, and the message must be asked for again; the queue's retry does that."""


class SendMessages:
    """The send protocol around its ports."""

    def __init__(
        self,
        *,
        messages: Messages,
        gates: Gates,
        templates: Templates,
        senders: Mapping[str, Sender],
        prepare: Prepare,
        pressure: Pressure,
        address_secret: Secret,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._messages = messages
        self._gates = gates
        self._templates = templates
        self._senders = senders
        self._prepare = prepare
        self._pressure = pressure
        self._address_secret = address_secret
        self._clock = clock
        self._new_id = new_id

    def facts(
        self, requests: Sequence[MessageRequest]
    ) -> tuple[dict[str, Template | None], dict[str, Contact | Gone], dict[str, Message]]:
        """The templates and contacts a batch needs, and those of its messages that came before, read once for all of
        it."""
        self.refresh()
        names = dict.fromkeys(r.template for r in requests)
        contacts = self._gates.reach(r.profile_id for r in requests)
        known = self._messages.known(r.send_id for r in requests)
        return {name: self._templates.active(name) for name in names}, contacts, known

    def refresh(self) -> None:
        """Read what holds for every message: before a batch."""
        self._pressure.refresh()
        self._address_secret()  # the first call makes a client, which must not happen in several threads at once

    def take(
        self,
        request: MessageRequest,
        template: Template | None,
        contact: Contact | Gone | None,
        known: Message | None,
    ) -> str:
        """Carry out one request, of which `known` is kept as far as was seen; the message's status, `duplicate` where
        it was carried out before, or `erased`: of an erased person nothing is kept, not even this.

        Raises:
            NotSentYet: it was not attempted, and is to be requested again.
        """
        if isinstance(contact, Gone):
            return ERASED
        stored = known or pending(request)
        if not protocol.claimable(stored):
            return self._again(stored)
        if isinstance(request, AddressedRequest):
            self._note_address(request)
        try:
            return self._carry_out(stored, template, contact)
        except NotSentYet:
            if known is None:
                self._messages.create(stored)  # so that it is seen to wait
            raise

    def retry(self, stored: Message) -> str:
        """Attempt again what certainly did not leave, as if it were requested now; the message's status.

        Raises:
            NotSentYet: it was not attempted; the sweep comes back to it.
        """
        template = self._templates.active(stored.template)
        contact = self._gates.reach([stored.profile_id]).get(stored.profile_id)
        if isinstance(contact, Gone):
            return self._leave(stored, stored, Skip(ERASED, "", ()))
        return self._carry_out(stored, template, contact)

    def resend(self, stored: Message) -> str:
        """Repeat a service message whose fate is unknown, once; given up where it can't be repeated.

        Raises:
            NotSentYet: it was not repeated; the sweep comes back to it.
        """
        if self._pressure.outdated(stored):
            return self.give_up(stored)
        template = self._templates.active(stored.template)
        contact = self._gates.reach([stored.profile_id]).get(stored.profile_id)
        if template is None or isinstance(contact, Gone) or (contact is None and not stored.address):
            return self.give_up(stored)
        message = owned(replace(stored, channels=(stored.channel,)), contact)
        result = self._attempt(stored, message, template, contact, self._ledgers(message))
        return result if isinstance(result, str) else self.give_up(stored)

    def give_up(self, seen: Message) -> str:
        """Leave the fate of an attempt unknown, visibly; another attempt that began meanwhile is let be."""
        now = self._clock.now()

        def given_up(current: Message) -> Message | None:
            return protocol.given_up(current, now) if current.attempt_id == seen.attempt_id else None

        return amend(self._messages, seen, given_up).status

    def _again(self, stored: Message) -> str:
        """The request of what is carried out already came again. While nobody but the queue looks after a claim, this
        may be all that will ever be heard of it."""
        amend(self._messages, stored, protocol.watched)
        return "duplicate"

    def _carry_out(self, stored: Message, template: Template | None, contact: Contact | None) -> str:
        if restored_at := self._pressure.outdated(stored):
            now = self._clock.now()
            return amend(
                self._messages, stored, lambda current: protocol.outdated(current, restored_at, now)
            ).status
        message = owned(classed(stored, template) if template else stored, contact)
        ledgers = self._ledgers(message)
        if status := self._overtaken(stored, message, ledgers):
            return status
        if template is None:
            return self._leave(stored, stored, Skip("unknown_template", "", ()))
        if reason := never(message, self._clock.now()):
            return self._leave(stored, message, Skip(reason, "", ()))
        if contact is None and not message.address:
            if self._clock.now() - from_iso(stored.requested_at) < CONTACT_DUE:
                raise NotSentYet(f"no contact yet for {stored.send_id}")
            return self._leave(stored, message, Skip("no_contact", "", ()))
        result = self._repeated(message) or self._attempt(stored, message, template, contact, ledgers)
        if isinstance(result, str):
            return result
        return self._leave(stored, message, result)

    def _ledgers(self, message: Message) -> Sequence[Ledger]:
        """That of the message's profile, if it has one, last; and before it that of the profile which it was asked for,
        from where a merge takes touches to the other."""
        return [self._pressure.ledger(one) for one in (message.merged_from, message.profile_id) if one]

    def _overtaken(self, stored: Message, message: Message, ledgers: Sequence[Ledger]) -> str:
        """Empty, or the status of a message that was claimed before by an attempt that `stored` knows nothing of."""
        touch = _touch_of(stored, ledgers)
        if touch is None:
            return ""
        if stored.status == "pending":  # by what was read a moment ago; now there may be more
            kept = self._messages.get(stored.send_id)
            if kept and kept.status != "pending":
                return self._again(kept)
        if touch.attempt in ("", stored.attempt_id):
            return ""
        channel, contact = touch.bid.channel, self._gates.reach([message.profile_id]).get(message.profile_id)
        known = contact if isinstance(contact, Contact) else None
        _, key = addresses_of(message, [channel], known, self._address_secret()).get(channel, ("", ""))
        record = {"gate": "claim", "channel": channel, "input": to_iso(touch.at), "verdict": "stop"}
        claim = protocol.Claim(touch.attempt, channel, key, "", (record,))

        def taken(current: Message) -> Message | None:
            if current.attempt_id == claim.attempt_id:
                return None
            return protocol.overtaken(_known_as(message, current), claim, touch.at)

        return self._again(amend(self._messages, stored, taken))

    def _repeated(self, message: Message) -> Skip | None:
        """Has the person had a commercial message, asked for before a merge, as the other profile? What both ask for
        at the same moment, the claim keeps apart; that of a service is sent rather twice than never."""
        if not message.merged_from or not message.place or not message.is_commercial:
            return None
        latest = self._messages.of_profile(message.profile_id, SEEN)
        had = any(
            other.place == message.place and other.send_id != message.send_id and not other.reason
            for other in latest
        )
        return _merged(message) if had else None

    def _note_address(self, request: AddressedRequest) -> None:
        """So that an erasure finds the address for as long as it may be kept."""
        for key in keys_of(request, self._address_secret()):
            self._gates.note_address(key, request.send_id, self._clock.now() + ADDRESS_KEPT)

    def _attempt(
        self,
        stored: Message,
        message: Message,
        template: Template,
        contact: Contact | None,
        ledgers: Sequence[Ledger],
    ) -> str | Skip | Held:
        attempt_id = self._new_id("att")[:ATTEMPT]
        moved = crowded = 0
        admitted = False
        while moved < CHOICES and crowded < CROWD:
            ledger = ledgers[-1] if ledgers else None
            prepared = self._prepare(message, template.document, contact, ledger, self._clock.now())
            if not isinstance(prepared, Prepared):
                return prepared
            if not admitted and (
                held := self._pressure.admit(message, prepared.choice, prepared.units, self._clock.now())
            ):
                return held
            admitted = True
            claimed = self._claimed(message, template, prepared, attempt_id)
            claimed = replace(claimed, channels=stored.channels)
            verdict = self._claim(stored, claimed, prepared)
            if verdict == "claimed":
                return self._send(stored, claimed, prepared)
            if verdict == "taken":
                taken = self._messages.get(claimed.send_id)
                return self._again(taken) if taken else "duplicate"
            moved += verdict == "moved"
            crowded += verdict == "crowded"
            ledgers = self._ledgers(message)
            if (touch := _touch_of(stored, ledgers)) and touch.attempt == attempt_id:
                # Ours: the answer to its write was lost, and the SDK's repetition refused.
                return self._send(stored, claimed, prepared)
            if status := self._overtaken(stored, message, ledgers):
                return status
            if isinstance(self._gates.reach([message.profile_id]).get(message.profile_id), Gone):
                break
        raise NotSentYet(f"the gates of {message.send_id} keep changing")

    def _claim(self, stored: Message, claimed: Message, prepared: Prepared) -> ClaimVerdict:
        if prepared.choice.lapsed(claimed.claimed_at):
            return "moved"
        ledger = prepared.ledger.touched(
            bid_of(claimed, claimed.channel),
            from_iso(claimed.claimed_at),
            claimed.attempt_id if protocol.kept_late(stored, claimed) else "",
        )
        return self._messages.claim(stored, claimed, ledger)

    def _claimed(self, message: Message, template: Template, prepared: Prepared, attempt_id: str) -> Message:
        choice = prepared.choice
        claim = protocol.Claim(
            attempt_id=attempt_id,
            channel=choice.channel,
            address_key=choice.standing.address_key,
            consent_entry_id=choice.consent_entry_id,
            gates=choice.gates,
        )
        now = self._clock.now()
        claimed = protocol.claimed(message, claim, now)
        return replace(
            claimed,
            listed=message.listed or _by_ledger_alone(claimed, message, prepared),
            template_version=template.version,
            units=prepared.units,
            links=prepared.links,
            cost=f"{prepared.cost.normalize():f}" if prepared.cost else "",
            inactive=self._pressure.inactive(message, prepared.ledger, now),
            mailbox=mailbox_of(choice.channel, choice.standing.address),
        )

    def _send(self, stored: Message, claimed: Message, prepared: Prepared) -> str:
        outgoing = Outgoing(
            send_id=claimed.send_id,
            to=prepared.choice.standing.address,
            content=prepared.content,
            commercial=claimed.is_commercial,
            unsubscribe_url=prepared.unsubscribe_url,
            at=self._clock.now(),
            profile_id=claimed.profile_id,
            template=claimed.template,
            journey=claimed.journey,
            name=prepared.name,
        )
        answer = self._senders[claimed.channel].send(outgoing)
        now = self._clock.now()
        self._pressure.learn(claimed.channel, answer, now)
        if isinstance(answer, protocol.Refused) and answer.dead:
            self._gates.suppress(claimed.address_key, claimed.channel, BOUNCED, now)

        def answered(current: Message) -> Message | None:
            # Of a message that is kept with its answer, what was claimed is known here alone.
            known = claimed if current is stored else current
            return protocol.answered(known, claimed.attempt_id, answer, now)

        kept = stored if protocol.kept_late(stored, claimed) else claimed
        return amend(self._messages, kept, answered).status

    def _leave(self, stored: Message, message: Message, verdict: Skip | Held) -> str:
        """Hold the message back, for good or for a while, with what was found out about it."""
        now = self._clock.now()

        def held_back(current: Message) -> Message | None:
            if isinstance(verdict, Held):
                new = protocol.held(current, verdict.reason, verdict.until, now)
            else:
                new = protocol.skipped(current, verdict.reason, verdict.channel, now)
            return new and replace(_known_as(message, new), gates=verdict.gates)

        after = amend(self._messages, stored, held_back)
        # Somebody may have claimed it since its ledger was read, and have died with what they know.
        first = after.status == "skipped" and stored.status == "pending"
        if first and (status := self._overtaken(after, message, self._ledgers(message))):
            return status
        if not protocol.claimable(after) and after.status != "skipped":
            return self._again(after)
        if isinstance(verdict, Held) or stored.status == "held":
            self._pressure.note(message, message.profile_id or stored.address_key, verdict, now)
        return PACED if after.status == "held" and verdict.reason == PACE else after.status


def _by_ledger_alone(claimed: Message, message: Message, prepared: Prepared) -> bool:
    """May the claim be kept with its answer? Not where anybody claimed before, nor where links lead only through it."""
    first = message.status == "pending" and prepared.ledger.touch_of(message.send_id) is None
    return first and claimed.claimed_by_ledger and not prepared.links


def _touch_of(message: Message, ledgers: Sequence[Ledger]) -> Touch | None:
    touches = (ledger.touch_of(message.send_id) for ledger in reversed(ledgers))
    return next(filter(None, touches), None)


def _known_as(message: Message, current: Message) -> Message:
    """`current` with what was found out about the message."""
    return replace(
        current,
        message_class=message.message_class,
        purpose=message.purpose,
        profile_id=message.profile_id,
        merged_from=message.merged_from,
    )


def _merged(message: Message) -> Skip:
    seen = f"{message.place} as {message.merged_from or 'another profile'}"
    return Skip(MERGED, "", ({"gate": "merge", "channel": "", "input": seen, "verdict": "stop"},))
