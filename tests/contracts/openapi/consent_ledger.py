"""Consent's ledger: reading, searching and checking it, and what a person keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import get_args

from services.consent.domain.anchors import ALGORITHM
from services.consent.domain.anchors import FORMAT as ANCHOR_FORMAT
from services.consent.domain.ledger import Entry, Kind
from services.consent.receipts import SCHEMA
from tests.contracts.openapi.operations import JSON, PAGE, Operation, does
from tests.contracts.openapi.shapes import (
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    many,
    obj,
    one_of,
    or_null,
    ref,
)

REFUSED = (400, 404, 410)
"""Statuses of a link that is none, has expired, or about whose address nothing is recorded."""

OPERATIONS: Mapping[str, Operation] = {
    "GET /consents/{address_key}/receipt": does(
        "What the person can keep of what was permitted (ISO/IEC TS 27560:2023)",
        ref("Receipt"),
        "unknown_address",
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

FOR_PEOPLE: Mapping[str, Operation] = {
    f"{method} /preferences/receipt": Operation(
        "What a person keeps of what they permitted (ISO/IEC TS 27560:2023), by the link to the preference "
        "centre or that of the page after a confirmation",
        {200: {JSON: ref("Receipt")}, **{s: {PAGE: TEXT} for s in REFUSED}}
        if method == "GET"
        else {status: {} for status in (200, *REFUSED)},
        query={"token": TEXT},
        who="anyone",
    )
    for method in ("GET", "HEAD")
}

ENTRY: Mapping[str, Schema] = {
    field.name: NUMBER
    if field.name in ("shard", "seq")
    else {"kind": one_of(*get_args(Kind)), "at": INSTANT}.get(field.name, TEXT)
    for field in fields(Entry)
}

_RECEIPT_PURPOSE = obj(
    {
        "purpose": obj({"id": TEXT, "title": TEXT}),
        "lawful_basis": TEXT,
        "pii_information": many(obj({"pii_type": TEXT, "pii_optional": FLAG})),
        "pii_controllers": many(TEXT),
        **dict.fromkeys(("collection_method", "processing_method", "withdrawal_method"), TEXT),
        **dict.fromkeys(("storage_locations", "recipient_third_parties"), many(TEXT)),
        **dict.fromkeys(("retention_period", "jurisdiction"), TEXT),
    }
)

_RECEIPT_PARTY = ("party_id", "party_role", "party_type", "party_name", "party_address", "party_contact")

SCHEMAS: Mapping[str, Schema] = {
    "Head": obj({"shard": NUMBER, "seq": NUMBER, "hash": TEXT}),
    "LedgerEntry": obj(ENTRY),
    "FoundEntry": obj({n: s for n, s in ENTRY.items() if n not in ("prev_hash", "evidence_digest")}),
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
            "party_identification": many(obj(dict.fromkeys(_RECEIPT_PARTY, TEXT))),
            "events": many(
                obj(
                    {
                        "event_time": INSTANT,
                        "validity_duration": TEXT,
                        "event_type": one_of("explicit", "implied"),
                        "event_state": one_of("requested", "given", "withdrawn", "expired"),
                        **dict.fromkeys(("entity_id", "means"), TEXT),
                        "ledger_entry": obj({"entry_id": TEXT, "hash": TEXT}),
                    }
                )
            ),
        },
        description="The principal is the key of the address: it names nobody.",
    ),
}
