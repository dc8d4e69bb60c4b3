"""Delivery's own copies of what other services know: contacts and permissions, newest only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.delivery.domain.contact import OWNED, Contact, Gone, contact_of
from services.delivery.domain.message import Message
from services.delivery.domain.outcomes import CONSENT_JOURNEY, UNSUBSCRIBED
from services.delivery.ports.channels import Secret
from services.delivery.ports.messages import Messages
from services.delivery.ports.people import Gates
from services.delivery.ports.pressure import Ledgers
from services.shared.addresses import address_key
from services.shared.aws.parallel import done, each
from services.shared.clock import to_iso
from services.shared.contracts.consent import EVERY, ConsentChange
from services.shared.contracts.ingest import Merge, ProfileChange


class CopyContacts:
    """Keeps the copies of contacts; repeated or overtaken facts change nothing."""

    def __init__(self, *, gates: Gates, ledgers: Ledgers, address_secret: Secret) -> None:
        self._gates = gates
        self._ledgers = ledgers
        self._address_secret = address_secret

    def contacts(self, changes: Sequence[ProfileChange]) -> int:
        """Keep the newest contact of each profile; how many were new."""
        newest: dict[str, Contact] = {}
        for change in changes:
            since_at = to_iso(change.at) if change.since else ""
            contact = contact_of(change.profile_id, change.traits_version, change.traits, since_at)
            if change.profile_id not in newest or newest[change.profile_id].version < contact.version:
                newest[change.profile_id] = contact
        known = self._gates.contacts(newest)
        changed = [
            (contact, self._new_keys(known.get(contact.profile_id), contact))
            for contact in newest.values()
            if _is_newer(contact, known.get(contact.profile_id))
        ]
        return sum(done(each(lambda one: self._gates.keep_contact(*one), changed)))

    def merges(self, merges: Iterable[Merge]) -> int:
        """Let requests for the losers reach their winners, and what was sent to the losers count for these."""
        followed = 0
        for one in sorted(merges, key=lambda m: m.at):
            if self._gates.leave(one.loser, Gone(one.winner, to_iso(one.at))):
                self._ledgers.join(one.loser, one.winner)
                followed += 1
        return followed

    def _new_keys(self, before: Contact | Gone | None, contact: Contact) -> dict[str, str]:
        keys = {}
        for channel in OWNED:
            raw = contact.address(channel)
            if not raw or (isinstance(before, Contact) and before.address(channel) == raw):
                continue
            try:
                keys[channel] = address_key(self._address_secret(), channel, raw)
            except ValueError:
                continue
        return keys


def _is_newer(contact: Contact, known: Contact | Gone | None) -> bool:
    if isinstance(known, Gone):
        return not known.erased and contact.since_at > known.at
    return known is None or known.version < contact.version


class CopyPermissions:
    """Keeps the copies of permissions; repeated or overtaken facts change nothing."""

    def __init__(self, *, gates: Gates, messages: Messages) -> None:
        self._gates = gates
        self._messages = messages

    def permission(self, change: ConsentChange) -> bool:
        """Keep a permission; a withdrawal also becomes an outcome, once per ledger entry: of the owner of the
        address, or of nobody where the owner is not known."""
        newer = self._gates.keep_permission(change)
        if change.state == "revoked" and change.purpose != EVERY:
            # Also when not newer: an attempt that failed between the two writes is finished by its repetition.
            cause = self._messages.get(change.send_id) if change.send_id else None
            owner = self._gates.owner(change.address_key) or (cause.profile_id if cause else "")
            self._messages.create(_unsubscribed(change, owner, cause))
        return newer


def _unsubscribed(change: ConsentChange, profile_id: str, cause: Message | None) -> Message:
    """The outcome of a withdrawal; it counts for the journey and template of the message that caused it."""
    moment = to_iso(change.at)
    return Message(
        send_id=f"unsub#{change.entry_id}",
        status="observed",
        template=cause.template if cause else change.purpose,
        purpose=change.purpose,
        journey=cause.journey if cause else CONSENT_JOURNEY,
        channel=change.channel,
        channels=(change.channel,),
        profile_id=profile_id,
        consent_entry_id=change.entry_id,
        requested_at=moment,
        updated_at=moment,
        marks={UNSUBSCRIBED: moment},
    )
