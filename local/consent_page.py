"""The page about one person's permissions: how they came about, and the proof of it, checked here with nothing but the
public key; and the ledger as a whole, checked against the anchors in their bucket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from halte.ledger.checking import check
from halte.ledger.findings import Report
from halte.ledger.signatures import checker
from halte.ledger.stage import StageSource
from halte.marketers import Marketers
from local.accounting import Check
from local.markup import page, table
from local.trials import Tried, section
from services.consent.domain.proofs import check as check_proof
from services.consent.handlers.proof_pages import proof_page

_KINDS = {
    "requested": "asked for",
    "mailed": "the message that asks for confirmation left",
    "granted": "given",
    "revoked": "withdrawn",
}


@dataclass(frozen=True)
class Consent:
    """What a check of the ledger came to, and one person's proof with what is wrong with it."""

    report: Report
    proof: Mapping[str, Any]
    problems: list[str]
    key: Mapping[str, str]


def look(api: Marketers, bucket: str, s3: Any, ledger: Iterable[Mapping[str, Any]]) -> Consent | None:
    """Check the whole ledger of a stage, and the proof of whoever has the most to tell; `None`: nobody has."""
    report = check(StageSource(api, bucket, s3), int)
    told: dict[str, set[str]] = {}
    for entry in ledger:
        if "hash" in entry and "entry_id" in entry:
            told.setdefault(str(entry["address_key"]), set()).add(str(entry["kind"]))
    if not told:
        return None
    chosen = max(sorted(told), key=lambda address_key: len(told[address_key]))
    proof, key = api.call("GET", f"/consents/{chosen}/proof"), api.call("GET", "/ledger/key")
    return Consent(report, proof, check_proof(proof, checker(key["public_key"])[0]), key)


def checks(seen: Consent | None) -> list[Check]:
    """What the books hold of it."""
    if seen is None:
        return []
    report = seen.report
    figures = f"{report.entries:,} entries, {report.anchors:,} signed anchors, {report.found} problems"
    return [
        Check("the consent ledger is exactly what was appended", report.intact, figures),
        Check("one person's proof holds by the public key", not seen.problems, "; ".join(seen.problems)),
    ]


def consent(seen: Consent, tried: Tried | None = None) -> str:
    """The person's history, whether its proof holds, and what scanners did not change."""
    report, entries = seen.report, seen.proof["entries"]
    verdict = "holds" if not seen.problems else "DOES NOT HOLD: " + "; ".join(seen.problems)
    whole = "is exactly what was appended" if report.intact else f"HAS {report.found} PROBLEMS"
    rows = [
        [
            _KINDS.get(entry["kind"], entry["kind"]),
            entry["at"],
            entry["purpose"],
            entry["channel"],
            entry["means"],
            entry["form"],
            _place(entry),
        ]
        for entry in entries
    ]
    head = ("permission", "at", "purpose", "channel", "by", "form or message", "signed and locked")
    return page(
        "One person's permissions",
        f"<p>The proof of the permissions of <code>{escape(seen.proof['address_key'])}</code> {escape(verdict)}: every "
        "hash, every text, every sealed piece of evidence and the way to a signed anchor were computed anew.</p>"
        + table("What happened", head, rows)
        + '<p><a href="/consent/proof">The proof, as it is printed</a></p>'
        + f"<p>The ledger {escape(whole)}: {report.entries:,} entries, {report.anchors:,} anchors. Checked by "
        "<code>python -m halte consent verify</code>'s own code, with the anchors of the bucket that locks them.</p>"
        + (section(tried) if tried else ""),
    )


def printed(seen: Consent) -> str:
    """The proof on paper."""
    return proof_page(seen.proof, seen.key, "en")


def _place(entry: Mapping[str, Any]) -> str:
    place = entry["anchored"]
    return f"anchor {place['number']}, {len(place['path'])} steps" if place else "not yet"
