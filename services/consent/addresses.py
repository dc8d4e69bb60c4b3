"""A person's e-mail address was replaced: the permissions stay with the old one, and the new one is asked for its own.

Consent is about an address, so nothing has to be taken away: commercial mail to the new address is impossible until
its holder confirms. What consent adds is the question, and a notice to the old address, whose holder may know nothing
of the change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.consent.asking import EMAIL_CHANGE, Asking
from services.consent.domain.contact import reachable
from services.consent.domain.events import MAY_CHANGE_ADDRESS
from services.consent.domain.evidence import Evidence
from services.consent.domain.ledger import Standing
from services.consent.domain.purposes import ConsentText
from services.consent.mailboxes import Mailboxes
from services.consent.ports import FactBus, LedgerStore, PurposeStore, Subject
from services.shared.addresses import address_key
from services.shared.clock import Clock, to_iso
from services.shared.contracts.consent import EVERY, NoticeRequested
from services.shared.contracts.ingest import Merge, ProfileChange
from services.shared.contracts.messages import AddressedRequest
from services.shared.errors import Invalid
from services.shared.ids import stable_id

EMAIL = "email"
TEMPLATE = "email_changed"


@dataclass(frozen=True)
class Held:
    """The address a profile had at a version of its traits; `since` is the version its history is told from."""

    address: str
    version: int
    since: int = 0

    def is_same(self, email: str, since: int) -> bool:
        """Is there nothing new to hold? Sites identify at every page, and a write each time would cost more than all
        else here; the price is that of two changes told in the wrong order the first may be asked too."""
        return (self.address, self.since) == (email, since)


class Addresses(Protocol):
    """The latest e-mail address of profiles, as far as consent was told."""

    def held(self, profile_id: str) -> Held | None:
        """`None` for a profile that is not known, or was erased."""
        ...

    def hold(self, profile_id: str, held: Held, address_key: str) -> None:
        """Remember it, and whose mailbox `address_key` (empty: no mailbox) is, unless something newer is remembered
        or the person was erased."""
        ...

    def forget(self, profile_ids: Iterable[str], now: datetime) -> None:
        """Erase these people's addresses, and keep later messages from bringing them back."""
        ...


class AddressChanges:
    """The use case; every step may be repeated."""

    def __init__(
        self,
        *,
        addresses: Addresses,
        mailboxes: Mailboxes,
        purposes: PurposeStore,
        ledger: LedgerStore,
        asking: Asking,
        bus: FactBus,
        address_secret: str,
        clock: Clock,
    ) -> None:
        self._addresses = addresses
        self._mailboxes = mailboxes
        self._purposes = purposes
        self._ledger = ledger
        self._asking = asking
        self._bus = bus
        self._address_secret = address_secret
        self._clock = clock

    def note(self, change: ProfileChange) -> Counter[str]:
        """Take a change of a profile; counts of what it led to.

        Raises:
            Busy: too many writers on an address's shard.
            NotPublished: the bus refused the notice.
        """
        counts: Counter[str] = Counter()
        email = change.traits.get(EMAIL)
        if not isinstance(email, str) or not any(event.name in MAY_CHANGE_ADDRESS for event in change.events):
            return counts
        held = self._addresses.held(change.profile_id)
        if held is not None and (held.version >= change.traits_version or held.is_same(email, change.since)):
            return counts
        if held is not None and self._is_replaced(held, email) and not _is_old_news(change, held):
            counts += self._replaced(change, held.address, email)
        key = self._key(email)
        self._addresses.hold(change.profile_id, Held(email, change.traits_version, change.since), key)
        if held is not None and self._key(held.address) != key:
            self._mailboxes.leave(self._key(held.address), change.profile_id)
        return counts

    def merged(self, merge: Merge) -> None:
        """Two profiles became one: by mail to an address that is no longer the latest of any, nobody can change it."""
        held = self._addresses.held(merge.loser)
        if held is not None:
            self._mailboxes.hand_over(self._key(held.address), merge.loser, merge.winner)

    def forget(self, profile_ids: Iterable[str]) -> None:
        """These people were erased."""
        profile_ids = list(profile_ids)
        held = [self._addresses.held(profile_id) for profile_id in profile_ids]
        self._addresses.forget(profile_ids, self._clock.now())
        self._mailboxes.close(self._key(one.address) for one in held if one)

    def _is_replaced(self, held: Held, email: str) -> bool:
        before, after = self._key(held.address), self._key(email)
        return before != after and bool(before and after)

    def _replaced(self, change: ProfileChange, before: str, email: str) -> Counter[str]:
        counts: Counter[str] = Counter(replaced=1)
        try:
            address = reachable(EMAIL, email)
        except Invalid as refused:
            counts[refused.code] += 1
        else:
            counts += self._ask(change, before, address)
        self._bus.publish([NoticeRequested(requests=[_notice(change, before, email)])])
        return counts

    def _ask(self, change: ProfileChange, before: str, address: str) -> Counter[str]:
        """For each permission of the old address of which the new one's holder has said nothing yet, yes or no; whoever
        objected there is not asked for any."""
        counts: Counter[str] = Counter()
        old, new = self._key(before), self._key(address)
        answered, now = self._ledger.states(new), to_iso(self._clock.now())
        for (purpose_name, channel), standing in sorted(self._ledger.states(old).items()):
            held = standing.as_of(now).state == "granted"
            said = answered.keys() & {(purpose_name, channel), (EVERY, channel)}
            if channel != EMAIL or not held or said:
                continue
            text = self._text(purpose_name, standing, old)
            if text is None:
                counts["no_text"] += 1
                continue
            outcome = self._asking.renew(
                Subject(new, purpose_name, EMAIL),
                Evidence(address, "", "", "", profile_ref=change.profile_id, reason=EMAIL_CHANGE),
                text,
                request_id=stable_id(
                    "req", EMAIL_CHANGE, change.profile_id, str(change.traits_version), purpose_name
                ),
                moment=change.at,
            )
            counts[outcome] += 1
        return counts

    def _text(self, purpose_name: str, standing: Standing, old: str) -> ConsentText | None:
        """The text that was agreed to, or what stands for it today."""
        purpose, _ = self._purposes.get(purpose_name)
        if purpose is None or EMAIL not in purpose.channels:
            return None
        languages = [e.language for e in self._ledger.history(old) if e.entry_id == standing.entry_id]
        return purpose.text_today(languages[0] if languages else "", standing.text_version)

    def _key(self, raw: str) -> str:
        try:
            return address_key(self._address_secret, EMAIL, raw)
        except ValueError:
            return ""


def _is_old_news(change: ProfileChange, held: Held) -> bool:
    """A merge or un-merge tells a history again: the addresses in it are not new ones of the person."""
    return change.told_before or change.since > held.since


def _notice(change: ProfileChange, before: str, email: str) -> AddressedRequest:
    return AddressedRequest(
        send_id=stable_id("snd", TEMPLATE, change.profile_id, str(change.traits_version)),
        template=TEMPLATE,
        channels=[EMAIL],
        requested_at=change.at,
        profile_id=change.profile_id,
        address=before,
        params={"new_address": masked(email)},
    )


def masked(email: str) -> str:
    """Enough for its owner to know it by: `a***@example.com`."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain}"
