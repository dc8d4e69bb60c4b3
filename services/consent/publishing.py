"""The ledger's outbox: what new entries mean for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from services.consent.addresses import Addresses
from services.consent.domain.events import CONFIRM_TEMPLATE
from services.consent.domain.ledger import MESSAGE, Entry, Kind
from services.consent.domain.preferences import NUMBER
from services.consent.domain.replies import reply_word
from services.consent.mailing import KEPT_FOR
from services.consent.ports import EvidenceStore, FactBus, LedgerStore, PurposeStore, TokenKeys
from services.consent.reminders import Due, ReminderStore
from services.consent.service import confirm_token
from services.shared.aws.bus import pack
from services.shared.clock import Clock, from_iso
from services.shared.contracts.consent import (
    ConfirmationRequested,
    ConsentChange,
    ConsentChanged,
    ConsentState,
    PreferencesChange,
    PreferencesChanged,
)
from services.shared.contracts.messages import AddressedRequest
from services.shared.ids import stable_id

_STATES: Mapping[Kind, ConsentState] = {"granted": "granted", "revoked": "revoked", "expired": "denied"}
"""What has lapsed is not there any more, and nobody withdrew it."""

CONFIRM, REMIND = "confirm", "remind"
"""Why the message is sent; its send id is made of it, so each leaves once."""


class Publishing:
    """Tells of grants and revocations, and asks for the messages that confirm a request."""

    def __init__(
        self,
        *,
        purposes: PurposeStore,
        ledger: LedgerStore,
        evidence: EvidenceStore,
        addresses: Addresses,
        reminders: ReminderStore,
        keys: TokenKeys,
        bus: FactBus,
        clock: Clock,
        address_secret: str,
        public_url: str,
    ) -> None:
        self._purposes = purposes
        self._ledger = ledger
        self._evidence = evidence
        self._addresses = addresses
        self._reminders = reminders
        self._keys = keys
        self._bus = bus
        self._clock = clock
        self._address_secret = address_secret
        self._public_url = public_url

    def publish(
        self, entries: Sequence[Entry], recorded: Mapping[str, datetime | None] = MappingProxyType({})
    ) -> dict[str, int]:
        """Publish what `entries` mean; repeating it is harmless. `recorded` is when each was written by the real clock,
        by entry id. Answers with counts: `changed`, `requested`, and `forgotten` for requests whose address was
        erased before the message could go.

        Raises:
            NotPublished: the bus refused some; repeat the whole batch.
        """
        told = [entry for entry in entries if entry.kind not in ("requested", "mailed")]
        changes = [_change(entry, recorded.get(entry.entry_id)) for entry in told]
        asked = [entry for entry in entries if entry.kind == "requested"]
        self._note_reminders(asked)
        messages = self._messages(asked)
        self._bus.publish(
            [
                *pack(changes, lambda rows: ConsentChanged(changes=rows)),
                *pack(messages, lambda rows: ConfirmationRequested(requests=rows)),
                *pack(self._numbers(entries), lambda rows: PreferencesChanged(changes=rows)),
            ]
        )
        return {"changed": len(changes), "requested": len(messages), "forgotten": len(asked) - len(messages)}

    def _numbers(self, entries: Sequence[Entry]) -> list[PreferencesChange]:
        """Numbers that people gave in the preference centre and confirmed: from now on they are their profiles'."""
        found = []
        for entry in entries:
            if entry.kind != "granted" or entry.form != NUMBER:
                continue
            requested = self._ledger.find(entry.address_key, entry.request_id, "requested")
            sealed = self._evidence.get([requested.entry_id]) if requested else {}
            for proof in sealed.values():
                held = self._addresses.held(proof.evidence.profile_ref)
                if held is not None:
                    found.append(
                        PreferencesChange(
                            change_id=stable_id("prc", entry.entry_id),
                            address=held.address,
                            at=from_iso(entry.at),
                            phone=proof.evidence.address,
                        )
                    )
        return found

    def remind(self, entry: Entry) -> bool:
        """Ask once more for the message of a request; false when its address was erased.

        Raises:
            NotPublished: the bus refused; repeat.
        """
        messages = self._messages([entry], REMIND)
        self._bus.publish(pack(messages, lambda rows: ConfirmationRequested(requests=rows)))
        return bool(messages)

    def _note_reminders(self, asked: Sequence[Entry]) -> None:
        for entry in asked:
            purpose, _ = self._purposes.get(entry.purpose)
            if purpose and purpose.remind_after_days:
                at = from_iso(entry.at) + timedelta(days=purpose.remind_after_days)
                self._reminders.note(Due(at, entry.address_key, entry.request_id))

    def _messages(self, asked: Sequence[Entry], why: str = CONFIRM) -> list[AddressedRequest]:
        if not asked:
            return []
        evidence = self._evidence.get([entry.entry_id for entry in asked])
        now, secret = self._clock.now(), self._keys.current()
        due = [e for e in asked if e.entry_id in evidence and not evidence[e.entry_id].gone(now)]
        for entry in due:
            self._evidence.note_asked(
                send_id_of(entry, why), entry.address_key, entry.request_id, from_iso(entry.at) + KEPT_FOR
            )
        return [
            AddressedRequest(
                send_id=send_id_of(entry, why),
                template=CONFIRM_TEMPLATE,
                channels=[entry.channel],
                requested_at=from_iso(entry.at),
                address=evidence[entry.entry_id].evidence.address,
                params={**self._params(entry, secret), "reminder": why == REMIND},
            )
            for entry in due
        ]

    def _params(self, entry: Entry, secret: str) -> dict[str, Any]:
        purpose, _ = self._purposes.get(entry.purpose)
        text = purpose.text(entry.text_version, entry.language) if purpose else None
        by_reply = {"reply_word": reply_word(self._address_secret, entry.request_id, entry.language)}
        return {
            **(by_reply if entry.channel == "sms" else {}),
            "confirm_url": f"{self._public_url}/consents/confirm?token={confirm_token(secret, entry)}",
            "purpose_title": purpose.title if purpose else entry.purpose,
            "consent_text": text.text if text else "",
            "language": entry.language,
        }


def send_id_of(requested: Entry, why: str = CONFIRM) -> str:
    """The message that asks to confirm a request."""
    return stable_id("snd", why, requested.request_id)


def _change(entry: Entry, recorded_at: datetime | None) -> ConsentChange:
    return ConsentChange(
        address_key=entry.address_key,
        purpose=entry.purpose,
        channel=entry.channel,
        state=_STATES[entry.kind],
        entry_id=entry.entry_id,
        text_version=entry.text_version,
        sequence=entry.seq,
        at=from_iso(entry.at),
        send_id=entry.form.removeprefix(MESSAGE) if entry.form.startswith(MESSAGE) else "",
        basis=entry.basis,
        until=from_iso(entry.until) if entry.until else None,
        recorded_at=recorded_at,
    )
