"""Delivery: templates, decision records and reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from services.delivery.domain.message import Status
from services.shared.permission import MessageClass
from tests.contracts.openapi import delivery_channels, delivery_content, delivery_pressure, reports
from tests.contracts.openapi.operations import PAGE, Operation, does
from tests.contracts.openapi.shapes import (
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    by_name,
    many,
    obj,
    one_of,
    or_null,
    ref,
)

REFUSED = {404: {PAGE: TEXT}, 410: {PAGE: TEXT}}
"""No link of ours; one that is too old."""

OPERATIONS: Mapping[str, Operation] = {
    **delivery_channels.OPERATIONS,
    **delivery_content.OPERATIONS,
    **delivery_pressure.OPERATIONS,
    "GET /messages/{send_id}": does(
        "Why a message was sent or not, in words of `language` (nl, en), without any address",
        ref("Decision"),
        "not_found",
        query={"language": TEXT},
    ),
    "GET /decisions": does(
        "A profile's decision records (of one `journey`), newest first, in words of `language` (nl, en), by page",
        obj({"decisions": many(ref("Decision")), "cursor": or_null(TEXT)}),
        "invalid",
        "bad_cursor",
        "bad_limit",
        query={"profile": TEXT, "journey": TEXT, "language": TEXT, "cursor": TEXT, "limit": NUMBER},
        needed=("profile",),
    ),
    **reports.OPERATIONS,
    **{
        f"{method} /c/{{token}}": Operation(
            "On to where a link of a message leads; the one that nobody sees leads nowhere",
            {302: {}, **({200: {PAGE: TEXT}, **REFUSED} if method == "GET" else {})},
            gives={302: {"Location": "where the link leads to"}},
            who="anyone",
        )
        for method in ("GET", "HEAD")
    },
    **{
        f"{method} /o/{{token}}": Operation(
            "A picture of one dot, whatever the token: it tells that a message is opened",
            {200: {"image/gif": TEXT} if method == "GET" else {}},
            who="anyone",
        )
        for method in ("GET", "HEAD")
    },
}

_COUNTS = by_name(NUMBER)
_OPTIONAL: Mapping[str, Schema] = {
    **dict.fromkeys(("reason", "profile_id", "merged_from", "journey", "node", "enrolment_id"), TEXT),
    "message_class": one_of(*get_args(MessageClass)),
    **dict.fromkeys(("purpose", "channel", "address_key", "consent_entry_id"), TEXT),
    "gates": many(by_name(TEXT)),
    **dict.fromkeys(("counted_on", "attempt_id", "provider_id", "cost"), TEXT),
    **dict.fromkeys(("claimed_at", "updated_at"), INSTANT),
    "why": obj({"summary": TEXT, "gates": many(TEXT)}),
    **dict.fromkeys(("variant", "campaign", "objective", "angle", "mailbox", "currency"), TEXT),
    "bounce": TEXT,
    "touches": many(TEXT),
    "links": by_name(TEXT),
}

SCHEMAS: Mapping[str, Schema] = {
    **delivery_channels.SCHEMAS,
    **delivery_content.SCHEMAS,
    **delivery_pressure.SCHEMAS,
    **reports.SCHEMAS,
    "Decision": {
        **obj(
            {
                **dict.fromkeys(("send_id", "template"), TEXT),
                "channels": many(TEXT),
                "requested_at": INSTANT,
                "status": one_of(*get_args(Status)),
                **dict.fromkeys(
                    ("version", "template_version", "attempts", "units", "priority", "revenue"), NUMBER
                ),
                **dict.fromkeys(("possible_duplicate", "inactive"), FLAG),
                **_OPTIONAL,
            },
            *_OPTIONAL,
            description="`gates` is what was asked in turn and answered; `first_…_at` when feedback first said so.",
        ),
        "patternProperties": {"^first_[a-z_]+_at$": INSTANT},
    },
    "Summary": obj(
        {
            **dict.fromkeys(("totals", "skipped_by_reason"), _COUNTS),
            **dict.fromkeys(("by_journey", "by_channel", "by_template"), by_name(_COUNTS)),
            "rows": many(
                {
                    **obj(dict.fromkeys(("journey", "template", "channel"), TEXT)),
                    "additionalProperties": NUMBER,
                }
            ),
        }
    ),
}
