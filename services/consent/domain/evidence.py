"""The part of a proof that names people, kept apart from the ledger so that it can be erased."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime


@dataclass(frozen=True)
class Origin:
    """Where a request came from: the address API Gateway saw (no header can forge it), user agent, languages, and the
    page that held the form, where it said so."""

    ip: str
    user_agent: str
    locale: str
    page: str = ""


@dataclass(frozen=True)
class Evidence:
    """What was given and from where. `address` is in the form to write to; empty where only its key was known. Of what
    was given elsewhere, `document` says where that can be seen, and `given_at` when it was; of a message that left: the
    provider's id for it, its template, and `sent_at`. Both moments are ISO 8601 in UTC."""

    address: str
    ip: str
    user_agent: str
    locale: str
    profile_ref: str = ""
    reason: str = ""
    page: str = ""
    document: str = ""
    given_at: str = ""
    provider_id: str = ""
    template: str = ""
    template_version: str = ""
    sent_at: str = ""


_LATER = frozenset({"page", "document", "given_at", "provider_id", "template", "template_version", "sent_at"})
"""Fields that older evidence does not have: left out of the digest where empty, so that it stays what it was."""


@dataclass(frozen=True)
class Sealed:
    """Evidence of one entry; the salt keeps its digest from being guessed once the evidence is erased.

    `expires_at`: proof of a request that nobody confirms is purged then; `None` keeps it.
    """

    entry_id: str
    evidence: Evidence
    salt: str
    expires_at: datetime | None = None

    def digest(self) -> str:
        """SHA-256 over salt and canonical JSON: what the ledger entry holds."""
        fields = {n: v for n, v in asdict(self.evidence).items() if v or n not in _LATER}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(f"{self.salt}:{text}".encode()).hexdigest()

    def gone(self, now: datetime) -> bool:
        """Has its time passed? The table forgets later than it should."""
        return self.expires_at is not None and now >= self.expires_at
