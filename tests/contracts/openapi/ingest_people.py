"""People: who they are, why, all that is known of them, and forgetting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from services.ingest.people.find import LEAST_PREFIX, MOST_FOUND
from services.ingest.people.show import MOST_EVENTS
from services.ingest.profiles.review import MergeRequest, SplitRequest
from services.shared.contracts.ingest import CallType
from tests.contracts.openapi.operations import MODEL, Operation, does
from tests.contracts.openapi.shapes import (
    AMOUNT,
    ANYTHING,
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

CURSOR: Mapping[str, Schema] = {"cursor": TEXT}
PAGED: Mapping[str, Schema] = {
    **CURSOR,
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_EVENTS, "default": 50},
}
PAGE_CODES = ("unknown_profile", "bad_cursor", "bad_limit")
SERVICES = {"services": by_name(ANYTHING), "unavailable": many(TEXT)}

OPERATIONS: Mapping[str, Operation] = {
    "GET /profiles": does(
        "People who have an identifier that begins so",
        obj(
            {
                "profiles": many(obj({"identifier": ref("Identifier"), "profile_id": TEXT})),
                "cursor": or_null(TEXT),
            }
        ),
        *("bad_prefix", "bad_cursor", "bad_limit"),
        query={
            "prefix": {"type": "string", "minLength": LEAST_PREFIX, "maxLength": 256},
            **CURSOR,
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_FOUND, "default": 20},
        },
        needed=("prefix",),
    ),
    "GET /profiles/{identifier}": does(
        "A person at a glance, by profile id, `kind:value` or a bare value", ref("Person"), "unknown_profile"
    ),
    "GET /profiles/{identifier}/timeline": does(
        "What happened between person and company, newest first", ref("Timeline"), *PAGE_CODES, query=PAGED
    ),
    "GET /profiles/{identifier}/sessions": does(
        "Visits, newest first", ref("Sessions"), "unknown_profile", "bad_cursor", query=CURSOR
    ),
    "GET /profiles/{identifier}/records/{type}": does(
        "Related records of a type, latest changed first", ref("Records"), *PAGE_CODES, query=PAGED
    ),
    "GET /profiles/{identifier}/export": does(
        "Everything we hold of a person; 202 while it is being made: ask again",
        {"oneOf": [ref("Export"), ref("ExportParts")]},
        "unknown_profile",
        also={202: ref("ExportJob")},
        gives={202: {"Retry-After": "seconds"}},
    ),
    "GET /profiles/{profile_id}/identity": does(
        "Why these identifiers are one person", ref("Identity"), "unknown_profile", "try_again"
    ),
    "POST /profiles/{profile_id}/merges": does(
        "Make one person of two profiles",
        ref("Rearranged"),
        *("unknown_profile", "same_profile", "identifier_limit", "try_again", *MODEL),
        takes=ref("MergeRequest"),
    ),
    "POST /profiles/{profile_id}/splits": does(
        "Make a person of their own of some identifiers",
        ref("Rearranged"),
        *("unknown_profile", "not_its_identifier", "nothing_left", "identifier_limit", "try_again", *MODEL),
        takes=ref("SplitRequest"),
    ),
    "POST /profiles/{identifier}/erasure": does(
        "Forget a person everywhere, for good", ref("Erasure"), "unknown_profile", status=202
    ),
    "GET /erasures/{erasure_id}": does("How far an erasure is", ref("Erasure"), "unknown_erasure"),
    "POST /erasures/{erasure_id}/repetitions": does(
        "Forget again what a restored backup has brought back", ref("Erasure"), "unknown_erasure", status=202
    ),
}

_VALUE = {"value": {}, "source": TEXT, "at": INSTANT, "kind": TEXT}
_RECORD = {
    "type": TEXT,
    "id": TEXT,
    "status": TEXT,
    "first_at": INSTANT,
    "updated_at": INSTANT,
    "source": TEXT,
    "fields": ANYTHING,
    **dict.fromkeys(("lines", "returned", "refunds"), many(ANYTHING)),
}
_SHORT_RECORD = {**{name: one for name, one in _RECORD.items() if name != "lines"}, "line_count": NUMBER}
_EVENT = {
    "message_id": TEXT,
    "type": one_of(*get_args(CallType)),
    "name": TEXT,
    "at": INSTANT,
    "source": TEXT,
    "direction": TEXT,
    "channel": TEXT,
    "initiator": TEXT,
    "need": TEXT,
    "properties": ANYTHING,
    "traits": ANYTHING,
}
_JOB = {
    "export_id": TEXT,
    "profile_id": TEXT,
    "status": one_of("running", "done"),
    "requested_at": INSTANT,
    "unavailable": many(TEXT),
}
_PERSON = {
    "profile_id": TEXT,
    "merged_ids": many(TEXT),
    "identifiers": many(obj({"kind": TEXT, "value": TEXT, "first_seen": or_null(INSTANT), "source": TEXT})),
    "traits": ANYTHING,
    "domains": obj(
        {
            "marketing": by_name(obj({**_VALUE, "reliability": AMOUNT})),
            "order": by_name(obj(_VALUE)),
        },
        description="Contact data that orders brought stays apart from what marketing may use.",
    ),
    "completeness": AMOUNT,
    "reliability": or_null(AMOUNT),
    "products_held": many(ANYTHING),
    "groups": many(obj({"id": TEXT}, more=True)),
    "records": by_name(obj({"count": NUMBER, "latest": many(obj(_SHORT_RECORD, "returned", "refunds"))})),
    "interactions": obj(
        {
            **dict.fromkeys(("inbound", "outbound"), NUMBER),
            **dict.fromkeys(("by_channel", "by_need"), by_name(NUMBER)),
            "complete": FLAG,
        }
    ),
    "counts": by_name(NUMBER),
    "version": NUMBER,
    **dict.fromkeys(("created_at", "updated_at"), or_null(INSTANT)),
}

SCHEMAS: Mapping[str, Schema] = {
    **model("MergeRequest", MergeRequest),
    **model("SplitRequest", SplitRequest),
    "Identifier": obj({"kind": TEXT, "value": TEXT}),
    "Person": obj({**_PERSON, **SERVICES}, description="A service that does not answer is `unavailable`."),
    "Event": obj(_EVENT, "traits"),
    "Timeline": obj({"profile_id": TEXT, "events": many(ref("Event")), "cursor": or_null(TEXT)}),
    "Session": obj(
        {
            **dict.fromkeys(("started_at", "ended_at"), INSTANT),
            "seconds": NUMBER,
            "pages": many(ANYTHING),
            **dict.fromkeys(("last_step", "dropoff_step"), TEXT),
            "dwell_by_product": by_name(NUMBER),
            **dict.fromkeys(("banners_seen", "banners_clicked"), many(TEXT)),
            "orders": NUMBER,
        }
    ),
    "Sessions": obj({"profile_id": TEXT, "sessions": many(ref("Session")), "cursor": or_null(TEXT)}),
    "Record": obj(_RECORD, "lines", "returned", "refunds"),
    "Records": obj({"profile_id": TEXT, "records": many(ref("Record")), "cursor": or_null(TEXT)}),
    "Export": obj(
        {
            "exported_at": INSTANT,
            "profile": obj(_PERSON),
            "records": many(ref("Record")),
            **SERVICES,
            "timeline": many(
                obj({**_EVENT, "received_at": INSTANT, "identifiers": many(ref("Identifier"))}, "traits")
            ),
            "received": many(
                obj(
                    {
                        **dict.fromkeys(("receipt", "source", "door"), TEXT),
                        "received_at": INSTANT,
                        "event": {},
                    }
                )
            ),
        }
    ),
    "ExportJob": obj(_JOB),
    "ExportParts": obj(
        {**_JOB, "parts": many(obj({"name": TEXT, "bytes": NUMBER, "url": TEXT})), "expires_in": NUMBER}
    ),
    "Identity": obj(
        {
            "profile_id": TEXT,
            "identifiers": many(ref("Identifier")),
            "redirects": many(TEXT),
            "edges": many(
                obj(
                    {
                        "between": many(TEXT, minItems=2, maxItems=2),
                        "at": INSTANT,
                        "by": one_of("marketer", "company", "public"),
                        **dict.fromkeys(("kind", "message_id", "verdict"), TEXT),
                    }
                )
            ),
            "decisions": many(
                obj(
                    {
                        "at": INSTANT,
                        **dict.fromkeys(("what", "profile_id"), TEXT),
                        "others": many(TEXT),
                        **dict.fromkeys(("message_id", "reason"), TEXT),
                    }
                )
            ),
        }
    ),
    "Rearranged": obj(
        {
            "dry_run": FLAG,
            "profiles": many(
                obj(
                    {
                        "profile_id": TEXT,
                        "identifiers": many(ref("Identifier")),
                        "traits": by_name(obj(_VALUE)),
                        "counts": by_name(NUMBER),
                    }
                )
            ),
            "redirects": by_name(TEXT),
        },
        description="The profiles as they are afterwards, or with `dry_run` would be.",
    ),
    "Erasure": obj(
        {
            "erasure_id": TEXT,
            "status": one_of("running", "done"),
            "requested_at": INSTANT,
            "finished_at": or_null(INSTANT),
            "profile_ids": many(TEXT),
            "stages": by_name(
                obj(
                    {"done": FLAG, "forgotten": by_name(NUMBER), "waiting_for": TEXT, "attempts": NUMBER},
                    *("waiting_for", "attempts"),
                )
            ),
        },
        description="Nothing personal in it.",
    ),
}
