"""Consent: purposes, permissions with their proof, and the pages that people see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import get_args

from services.consent.domain.asks import Ask, Lookup, Objection, Withdrawal
from services.consent.domain.brand import Brand
from services.consent.domain.evidence import Evidence
from services.consent.domain.imports import MAX_ROWS, Row
from services.consent.domain.ledger import SHARDS, Kind, Problem
from services.consent.domain.proofs import FORMAT
from services.consent.domain.purposes import Purpose
from services.consent.soft import SoftAsk
from tests.contracts.openapi import consent_ledger
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
    "GET /ledger/shards/{shard}": does(
        f"Is a shard of the ledger (0 to {SHARDS - 1}) what was appended?", ref("Shard"), "unknown_shard"
    ),
    **consent_ledger.OPERATIONS,
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
    **consent_ledger.FOR_PEOPLE,
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
_STATE = obj(
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
            "states": many(_STATE),
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
            **consent_ledger.ENTRY,
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
    **consent_ledger.SCHEMAS,
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
