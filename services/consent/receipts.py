"""What a person keeps of what they permitted: a receipt with the fields of ISO/IEC TS 27560:2023.

A record a purpose and channel: header (`schema_version`, `record_id`, `pii_principal_id`), PII processing
(`privacy_notice` … `withdrawal_method`), party identification and events, with every field that the specification
makes mandatory. The principal is the address's key; the receipt names nobody, so that it can be shown around. No third
party gets the address for what is permitted: who only works for the controller is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.consent.domain.ledger import Entry
from services.consent.domain.purposes import Purpose
from services.consent.links import Links
from services.consent.mailing import KEPT_FOR
from services.consent.ports import LedgerStore, PurposeStore
from services.shared import tokens
from services.shared.clock import Clock, to_iso
from services.shared.errors import Invalid, NotFound
from services.shared.ids import stable_id
from services.shared.permission import SOFT_OPT_IN

SCHEMA = "ISO/IEC TS 27560:2023"
CONTROLLER = "controller"
"""The one party that receipts name, by its id in them."""

RECEIPT = "receipt"
"""Use of a token that opens a receipt: claims `address_key`."""

LINK_HOLDS = timedelta(days=90)

_STATES = {"requested": "requested", "granted": "given", "revoked": "withdrawn", "expired": "expired"}
_BASES = {SOFT_OPT_IN: "legitimate interest (existing customer)"}
_PII: dict[str, str] = {
    "email": "email address",
    **dict.fromkeys(("sms", "call"), "telephone number"),
    "push": "device token",
    "print": "postal address",
    **dict.fromkeys(("wallet", "webhook"), "account id"),
}


@dataclass(frozen=True)
class Controller:
    """Who answers for what is permitted, and where the data is kept (`storage_location`)."""

    name: str
    address: str
    contact: str
    jurisdiction: str
    storage_location: str


class Receipts:
    """Makes receipts."""

    def __init__(
        self, *, purposes: PurposeStore, ledger: LedgerStore, clock: Clock, controller: Controller
    ) -> None:
        self._purposes = purposes
        self._ledger = ledger
        self._clock = clock
        self._controller = controller

    def by_link(self, links: Links, token: str) -> dict[str, Any]:
        """The receipt that a link opens: one of its own, or the one to the preference centre.

        Raises:
            Invalid: `token_invalid`, `token_expired`.
            NotFound: `unknown_address`, nothing was ever recorded.
        """
        try:
            keys = [links.claims(RECEIPT, token)["address_key"]]
        except Invalid as refused:
            if refused.code != "token_invalid":
                raise
            claims = links.claims(tokens.PREFERENCES, token)
            keys = [value for name, value in sorted(claims.items()) if name.endswith("_key")]
        return self.of(keys)

    def of(self, address_keys: Sequence[str]) -> dict[str, Any]:
        """The receipt of addresses of one person.

        Raises:
            NotFound: `unknown_address`, nothing was ever recorded.
        """
        records, last = [], ""
        for key in address_keys:
            history = [entry for entry in self._ledger.history(key) if entry.kind in _STATES]
            for purpose, channel in dict.fromkeys((entry.purpose, entry.channel) for entry in history):
                entries = [e for e in history if (e.purpose, e.channel) == (purpose, channel)]
                records.append(self._record(entries))
                last = entries[-1].hash
        if not records:
            raise NotFound("unknown_address", "nothing is recorded for this address")
        return {
            "schema_version": SCHEMA,
            "receipt_id": stable_id("rcp", *address_keys, last),
            "issued_at": to_iso(self._clock.now()),
            "records": records,
        }

    def _record(self, entries: Sequence[Entry]) -> dict[str, Any]:
        first, controller = entries[0], self._controller
        agreed = next((entry for entry in reversed(entries) if entry.text_hash), first)
        purpose, _ = self._purposes.get(first.purpose)
        return {
            "schema_version": SCHEMA,
            "record_id": first.entry_id,
            "pii_principal_id": first.address_key,
            "pii_processing": _processing(agreed, purpose, controller),
            "party_identification": [
                {
                    "party_id": CONTROLLER,
                    "party_role": "PII controller",
                    "party_type": "organization",
                    "party_name": controller.name,
                    "party_address": controller.address,
                    "party_contact": controller.contact,
                }
            ],
            "events": [_event(entry) for entry in entries],
        }


def receipt_token(secret: str, address_key: str, now: datetime) -> str:
    """What opens the receipt of an address."""
    return tokens.sign(secret, RECEIPT, {"address_key": address_key}, now + LINK_HOLDS)


def _processing(agreed: Entry, purpose: Purpose | None, controller: Controller) -> dict[str, Any]:
    text = purpose.text(agreed.text_version, agreed.language) if purpose else None
    return {
        "privacy_notice": {
            "text": text.text if text else "",
            "version": agreed.text_version,
            "hash": agreed.text_hash,
        },
        "language": agreed.language,
        "purposes": [
            {
                "purpose": {"id": agreed.purpose, "title": purpose.title if purpose else agreed.purpose},
                "lawful_basis": _BASES.get(agreed.basis, "consent"),
                "pii_information": [{"pii_type": _PII[agreed.channel], "pii_optional": True}],
                "pii_controllers": [CONTROLLER],
                "collection_method": agreed.form,
                "processing_method": f"messages by {agreed.channel}",
                "storage_locations": [controller.storage_location],
                "retention_period": "until withdrawn; the proof of it until erasure is asked for",
                "jurisdiction": controller.jurisdiction,
                "recipient_third_parties": [],
                "withdrawal_method": "the link in every message, or the preference centre",
            }
        ],
    }


def _event(entry: Entry) -> dict[str, Any]:
    return {
        "event_time": entry.at,
        "validity_duration": _validity(entry),
        "event_type": "implied" if entry.basis == SOFT_OPT_IN else "explicit",
        "event_state": _STATES[entry.kind],
        "entity_id": CONTROLLER
        if entry.means == "marketer" or entry.kind == "expired"
        else entry.address_key,
        "means": entry.means,
        "ledger_entry": {"entry_id": entry.entry_id, "hash": entry.hash},
    }


def _validity(entry: Entry) -> str:
    """ISO 8601: a period, or an interval; else in words."""
    if entry.kind == "requested":
        return f"P{KEPT_FOR.days}D"
    if entry.kind == "granted":
        return f"{entry.at}/{entry.until}" if entry.until else "until withdrawn"
    return "until given again"
