"""Consent: purposes, permissions with their proof, and the pages that people see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import get_args

from services.consent.domain.asks import Ask, Lookup, Withdrawal
from services.consent.domain.evidence import Evidence
from services.consent.domain.ledger import SHARDS, Kind, Problem
from services.consent.domain.proofs import FORMAT
from services.consent.domain.purposes import Purpose
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

MARKETERS: Mapping[str, Operation] = {
    "GET /purposes": does("Every purpose with its texts", obj({"purposes": many(ref("PurposeShown"))})),
    "PUT /purposes/{name}": does(
        "Create or change a purpose; its published texts never change",
        ref("PurposeShown"),
        *("text_immutable", "changed_meanwhile", "texts_too_large", *MODEL),
        takes=ref("Purpose"),
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
    }
)

SCHEMAS: Mapping[str, Schema] = {
    **_PURPOSE,
    **model("Ask", Ask),
    **model("Lookup", Lookup),
    **model("Withdrawal", Withdrawal),
    "PurposeShown": obj(
        {"name": TEXT, **_PURPOSE["Purpose"]["properties"], "texts": many(obj({**_TEXT, "hash": TEXT}))}
    ),
    "Permissions": obj(
        {
            "address_key": TEXT,
            "states": many(_STATE),
            "history": many(obj(_CHANGE)),
        },
        description="Names nobody. An address without states has permitted nothing.",
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
