"""Digests of evidence: what was sealed before a field existed must still fit its entry."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from services.consent.domain.evidence import Evidence, Sealed

OLDER = {
    "address": "ann@example.com",
    "ip": "203.0.113.9",
    "user_agent": "Firefox",
    "locale": "nl",
    "profile_ref": "",
    "reason": "",
}


def test_evidence_from_before_pages_were_kept_has_its_old_digest() -> None:
    text = json.dumps(OLDER, sort_keys=True, separators=(",", ":"))
    expected = hashlib.sha256(f"salt:{text}".encode()).hexdigest()
    assert Sealed("cns_1", Evidence(**OLDER), "salt").digest() == expected


def test_a_page_is_sealed_like_everything_else() -> None:
    sealed = Sealed("cns_1", Evidence(**OLDER, page="https://a.example/"), "salt")
    forged = replace(sealed, evidence=replace(sealed.evidence, page="https://b.example/"))
    erased = replace(sealed, evidence=replace(sealed.evidence, page=""))
    assert len({sealed.digest(), forged.digest(), erased.digest()}) == 3
