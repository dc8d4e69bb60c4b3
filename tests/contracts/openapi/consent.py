"""Consent: purposes, permissions with their proof, and the pages that people see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import get_args

from services.consent.domain.anchors import ALGORITHM
from services.consent.domain.anchors import FORMAT as ANCHOR_FORMAT
from services.consent.domain.asks import Ask, Lookup, Objection, Withdrawal
from services.consent.domain.brand import Brand
from services.consent.domain.evidence import Evidence
from services.consent.domain.imports import MAX_ROWS, Row
from services.consent.domain.ledger import SHARDS, Entry, Kind, Problem
from services.consent.domain.proofs import FORMAT
from services.consent.domain.purposes import Purpose
from services.consent.receipts import SCHEMA
from services.consent.soft import SoftAsk
from tests.contracts.openapi.operations import FORM, JSON, MODEL, PAGE, Operation, does, page
from tests.contracts.openapi.shapes import (
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    by_name,
    many,
    model,
    obj,
    one_of,
    or_null,
    ref,
)

FIELDS: Schema = by_name(TEXT)
MULTIPART = "multipart/form-data"
FORMS: Mapping[str, Schema] = dict.fromkeys((FORM, MULTIPART, JSON), FIELDS)
LINK = (400, 410)
"""Statuses of a link that is none, or has expired or been used."""

SENT = (*LINK, 413, 503)
"""The same of its form, which can be too large, and come when too many write."""

PROOF = does("What proves it", ref("Proof"), "unknown_address")
NDJSON = "application/x-ndjson"
IMPORTED = does(
    f"Import permissions with their evidence, and withdrawals; at most {MAX_ROWS} rows, a line each as NDJSON",
    ref("Imported"),
    *("too_many_rows", "texts_too_large", "changed_meanwhile", *MODEL),
    query={"dry_run": one_of("true", "false")},
)

MARKETERS: Mapping[str, Operation] = {
    "GET /purposes": does("Every purpose with its texts", obj({"purposes": many(ref("PurposeShown"))})),
    "PUT /purposes/{name}": does(
        "Create or change a purpose; its published texts never change",
        ref("PurposeShown"),
        *("text_immutable", "changed_meanwhile", "texts_too_large", *MODEL),
        takes=ref("Purpose"),
    ),
    "GET /brand": does("How the public pages look", ref("Brand"), "no_brand"),
    "PUT /brand": does(
        "Logo, colours and words of the public pages; refused where people could not read them",
        ref("Brand"),
        *("changed_meanwhile", *MODEL),
        takes=ref("Brand"),
    ),
    "POST /consents/lookups": does(
        "What an address has permitted",
        ref("Permissions"),
        *("invalid_address", *MODEL),
        takes=ref("Lookup"),
    ),
    "POST /consents/revocations": does(
        "Take a permission back for someone who said so by another road",
        obj({"address_key": TEXT, "outcome": one_of("revoked", "unchanged")}),
        *("invalid_address", "unknown_purpose", "busy", *MODEL),
        takes=ref("Withdrawal"),
    ),
    "POST /consents/objections": does(
        "No marketing to a person any more, for any purpose, at any of these addresses",
        obj({"objections": many(obj({"address_key": TEXT, "channel": TEXT, "ended": NUMBER}))}),
        *("invalid_address", "busy", *MODEL),
        takes=ref("Objection"),
    ),
    "POST /consents/soft-opt-ins": does(
        "A sale that may let a customer be written to: granted, or which conditions are not met",
        obj(
            {
                "address_key": TEXT,
                "outcome": one_of("granted", "revoked", "repeated", "unchanged", "not_granted"),
                "unmet": many(TEXT),
            }
        ),
        *("unknown_purpose", "unknown_text", "not_soft_opt_in", "invalid_address", "busy", *MODEL),
        takes=ref("SoftAsk"),
    ),
    "POST /consents/imports": replace(IMPORTED, takes={JSON: ref("Import"), NDJSON: TEXT}),
    "GET /consents/imports/{import_id}": does(
        "What an import answered the last time", ref("ImportKept"), "unknown_import"
    ),
    "GET /consents/{address_key}": does("What was permitted, and how that came about", ref("Permissions")),
    "GET /consents/{address_key}/proof": replace(
        PROOF, answers={200: {**PROOF.answers[200], PAGE: {**TEXT, "description": "the same to print"}}}
    ),
    "GET /consents/{address_key}/proof.html": replace(
        PROOF,
        summary="What proves it, as a page to print",
        answers={200: {PAGE: TEXT}},
        query={"language": one_of("en", "nl")},
    ),
    "GET /consents/{address_key}/receipt": does(
        "What the person can keep of what was permitted (ISO/IEC TS 27560:2023)",
        ref("Receipt"),
        "unknown_address",
    ),
    "GET /ledger/shards/{shard}": does(
        f"Is a shard of the ledger (0 to {SHARDS - 1}) what was appended?", ref("Shard"), "unknown_shard"
    ),
    "GET /ledger/shards/{shard}/entries": does(
        "A piece of a shard, as it stands: to check the chain away from here",
        obj(
            {
                "shard": NUMBER,
                "head": ref("Head"),
                "entries": many(ref("LedgerEntry")),
                "next": or_null({**NUMBER, "description": "what to name as `after` to go on"}),
            }
        ),
        *("unknown_shard", "bad_after", "bad_limit"),
        query={"after": {**NUMBER, "description": "the `seq` to go on behind"}, "limit": NUMBER},
    ),
    "GET /ledger/entries": does(
        "Entries by purpose, channel, kind, means, time and shard, in the order of time",
        obj({"entries": many(ref("FoundEntry")), "cursor": or_null(TEXT)}),
        *("invalid", "bad_cursor"),
        query={
            **dict.fromkeys(("purpose", "channel", "means", "cursor"), TEXT),
            "kind": one_of(*get_args(Kind)),
            "since": {**INSTANT, "description": "the first moment"},
            "until": {**INSTANT, "description": "the first moment after"},
            **dict.fromkeys(("shard", "limit"), NUMBER),
        },
    ),
    "GET /ledger/anchors": does(
        "Signed anchors: what the ledger was at a time",
        obj({"anchors": many(ref("Anchor")), "next": or_null(NUMBER)}),
        *("bad_after", "bad_limit"),
        query={"after": {**NUMBER, "description": "the number to go on behind"}, "limit": NUMBER},
    ),
    "GET /ledger/key": does(
        "What the signatures of anchors are checked with",
        obj({"key_id": TEXT, "algorithm": one_of(ALGORITHM), "public_key": {**TEXT, "description": "PEM"}}),
    ),
}


def _page_and_head(path: str, summary: str, *statuses: int, token: bool = True) -> dict[str, Operation]:
    shown = page(summary, 200, *statuses, token=token)
    return {f"GET {path}": shown, f"HEAD {path}": replace(shown, answers={s: {} for s in shown.answers})}


ASKED = does(
    "Ask for a permission; known, unknown and limited get the same answer",
    obj({"status": one_of("check_your_inbox")}),
    *("unknown_purpose", "unknown_text", "channel_not_offered", "invalid_address", "invalid_form", "busy"),
    *MODEL,
    status=202,
    who="anyone",
)

PEOPLE: Mapping[str, Operation] = {
    "POST /consents/requests": replace(
        ASKED,
        takes=dict.fromkeys((JSON, FORM, MULTIPART), ref("Ask")),
        answers={202: {**ASKED.answers[202], PAGE: TEXT}},
    ),
    **_page_and_head("/consents/confirm", "The page behind a confirmation link", *LINK),
    "POST /consents/confirm": page("The button on that page", 200, *SENT, takes=FORMS),
    **_page_and_head("/consents/unsubscribe", "The page behind an unsubscribe link", *LINK),
    "POST /consents/unsubscribe": page(
        "The button on that page, or a mailbox provider's one-click request (RFC 8058)",
        *(200, *SENT),
        takes=FORMS,
    ),
    **_page_and_head("/preferences", "The preference centre behind the link of a message", *LINK),
    **{
        f"{method} /preferences/receipt": Operation(
            "What a person keeps of what they permitted (ISO/IEC TS 27560:2023), by the link to the preference "
            "centre or that of the page after a confirmation",
            {200: {JSON: ref("Receipt")}, **{s: {PAGE: TEXT} for s in (*LINK, 404)}}
            if method == "GET"
            else {status: {} for status in (200, *LINK, 404)},
            query={"token": TEXT},
            who="anyone",
        )
        for method in ("GET", "HEAD")
    },
    "POST /preferences": page("Its form; what is wrong comes back as it was sent", 200, *SENT, takes=FORMS),
    **_page_and_head("/preferences/request", "Where to ask for a fresh link", token=False),
    "POST /preferences/request": page(
        "Ask for a fresh link; known, unknown and limited get the same answer",
        *(202, 400, 413, 503),
        token=False,
        takes=FORMS,
    ),
    **_page_and_head("/preferences/email", "The page behind the link that a new address was sent", *LINK),
    "POST /preferences/email": page("The button on that page", 200, *SENT, takes=FORMS),
}

OPERATIONS: Mapping[str, Operation] = {**MARKETERS, **PEOPLE}

_PURPOSE = model("Purpose", Purpose)
_TEXT = _PURPOSE["Purpose.ConsentText"]["properties"]
_ROW_OUTCOMES = ("granted", "revoked", "repeated", "unchanged", "not_granted", "invalid", "failed")
_IMPORTED: Mapping[str, Schema] = {
    "import_id": TEXT,
    "dry_run": FLAG,
    "rows": NUMBER,
    "counts": obj(dict.fromkeys(_ROW_OUTCOMES, NUMBER), *_ROW_OUTCOMES),
    "listed": many(
        obj(
            {
                "row": NUMBER,
                "outcome": one_of("not_granted", "invalid", "failed"),
                "asked": FLAG,
                "errors": many(obj({"field": TEXT, "message": TEXT})),
            }
        )
    ),
}
_CHANGE: Mapping[str, Schema] = {
    "entry_id": TEXT,
    "seq": NUMBER,
    "kind": one_of(*get_args(Kind)),
    **dict.fromkeys(("purpose", "channel", "text_version", "language"), TEXT),
    "at": INSTANT,
    **dict.fromkeys(("means", "form"), TEXT),
}
_HEAD = obj({"shard": NUMBER, "seq": NUMBER, "hash": TEXT})
_ENTRY: Mapping[str, Schema] = {
    field.name: NUMBER
    if field.name in ("shard", "seq")
    else {"kind": one_of(*get_args(Kind)), "at": INSTANT}.get(field.name, TEXT)
    for field in fields(Entry)
}
_STATE = obj(
    {
        **dict.fromkeys(("purpose", "channel", "state"), TEXT),
        "sequence": NUMBER,
        **dict.fromkeys(("entry_id", "text_version"), TEXT),
        "at": INSTANT,
    }
)

_RECEIPT_PURPOSE = obj(
    {
        "purpose": obj({"id": TEXT, "title": TEXT}),
        "lawful_basis": TEXT,
        "pii_information": many(obj({"pii_type": TEXT, "pii_optional": FLAG})),
        "pii_controllers": many(TEXT),
        **dict.fromkeys(("collection_method", "processing_method", "withdrawal_method"), TEXT),
    }
)

SCHEMAS: Mapping[str, Schema] = {
    **_PURPOSE,
    **model("Brand", Brand),
    **model("Ask", Ask),
    **model("Lookup", Lookup),
    **model("Objection", Objection),
    **model("Withdrawal", Withdrawal),
    **model("SoftAsk", SoftAsk),
    **model("Row", Row),
    "Import": obj({"dry_run": FLAG, "rows": many(ref("Row"), minItems=1, maxItems=MAX_ROWS)}, "dry_run"),
    "Imported": obj(
        _IMPORTED, description="`asked` is false where nobody can show that the person was asked."
    ),
    "ImportKept": obj({**_IMPORTED, "at": INSTANT}),
    "PurposeShown": obj(
        {"name": TEXT, **_PURPOSE["Purpose"]["properties"], "texts": many(obj({**_TEXT, "hash": TEXT}))}
    ),
    "Permissions": obj(
        {
            "address_key": TEXT,
            "states": many(
                obj(
                    {
                        **dict.fromkeys(("purpose", "channel", "state"), TEXT),
                        "sequence": NUMBER,
                        **dict.fromkeys(("entry_id", "text_version"), TEXT),
                        "at": INSTANT,
                        **dict.fromkeys(("basis", "until"), TEXT),
                        "commercial": FLAG,
                        "why": TEXT,
                    }
                )
            ),
            "history": many(obj(_CHANGE)),
        },
        description="Names nobody. An address without states has permitted nothing. `commercial`: may a commercial "
        "message go there now, and `why` (not). From `until` on a permission is `expired`.",
    ),
    "Proof": obj(
        {
            "format": one_of(FORMAT),
            "made_at": INSTANT,
            "address_key": TEXT,
            "head": ref("Head"),
            "states_follow": or_null(FLAG),
            "states": many(_STATE),
            "anchors": many(ref("Anchor")),
            "how_to_check": many(TEXT),
            "entries": many(ref("ProvedEntry")),
        },
        description="`python -m halte consent verify --proof` checks it. "
        "`states_follow`: the stored states are the fold of the log; null: it was written to meanwhile.",
    ),
    "ProvedEntry": obj(
        {
            **_ENTRY,
            "text": TEXT,
            "evidence": or_null(obj({**{field.name: TEXT for field in fields(Evidence)}, "salt": TEXT})),
            "next": or_null(obj({"seq": NUMBER, "prev_hash": TEXT, "hash": TEXT})),
            "anchored": or_null(
                obj(
                    {
                        "number": NUMBER,
                        "at": INSTANT,
                        "root": TEXT,
                        "path": many(obj({"side": one_of("left", "right"), "hash": TEXT})),
                    },
                    description="The way from the entry to the root that an anchor holds of its shard.",
                )
            ),
            "intact": FLAG,
        },
        description="`evidence` is null where it was purged or erased, `anchored` until the next anchor.",
    ),
    "Head": _HEAD,
    "LedgerEntry": obj(_ENTRY),
    "FoundEntry": obj({n: s for n, s in _ENTRY.items() if n not in ("prev_hash", "evidence_digest")}),
    "Anchor": obj(
        {
            "format": one_of(ANCHOR_FORMAT),
            "algorithm": one_of(ALGORITHM),
            "number": NUMBER,
            "at": INSTANT,
            "prev_hash": TEXT,
            "rows": many(
                obj(
                    {
                        **dict.fromkeys(("shard", "first", "seq"), NUMBER),
                        **dict.fromkeys(("hash", "root"), TEXT),
                    }
                )
            ),
            **dict.fromkeys(("root", "key_id", "signature"), TEXT),
        },
        description="Digests only. Written as JSON with sorted keys and without white space it is byte for byte what "
        "is locked; the signature is over the same of at, format, key_id, number, prev_hash and root.",
    ),
    "Receipt": obj(
        {
            "schema_version": one_of(SCHEMA),
            "receipt_id": TEXT,
            "issued_at": INSTANT,
            "records": many(ref("ReceiptRecord")),
        }
    ),
    "ReceiptRecord": obj(
        {
            "schema_version": one_of(SCHEMA),
            **dict.fromkeys(("record_id", "pii_principal_id"), TEXT),
            "pii_processing": obj(
                {
                    "privacy_notice": obj(dict.fromkeys(("text", "version", "hash"), TEXT)),
                    "language": TEXT,
                    "purposes": many(_RECEIPT_PURPOSE),
                }
            ),
            "party_identification": many(obj(dict.fromkeys(("party_id", "party_role", "party_name"), TEXT))),
            "events": many(
                obj(
                    {
                        "event_time": INSTANT,
                        "event_type": one_of("explicit"),
                        "event_state": one_of("requested", "given", "withdrawn", "expired"),
                        **dict.fromkeys(("entity_id", "means"), TEXT),
                        "ledger_entry": obj({"entry_id": TEXT, "hash": TEXT}),
                    }
                )
            ),
        },
        description="The principal is the key of the address: it names nobody.",
    ),
    "Shard": obj(
        {
            "shard": NUMBER,
            "head": ref("Head"),
            "intact": FLAG,
            "problems": many(ref("Problem")),
        }
    ),
    **model("Problem", Problem),
}
