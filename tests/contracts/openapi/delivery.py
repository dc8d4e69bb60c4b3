"""Delivery: templates, decision records and reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from services.delivery.domain.message import Status
from services.delivery.domain.promotion import LandingPages
from services.delivery.domain.templates.documents import TemplateDocument
from services.shared.permission import MessageClass
from tests.contracts.openapi import delivery_channels
from tests.contracts.openapi.operations import MODEL, Operation, does
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
    ref,
)

OPERATIONS: Mapping[str, Operation] = {
    **delivery_channels.OPERATIONS,
    "GET /templates": does(
        "The newest version of every template", obj({"templates": many(ref("TemplateShown"))})
    ),
    "PUT /templates/{name}": does(
        "Keep a template that compiles; the same document twice stays one version",
        ref("TemplateShown"),
        *(
            "invalid_name",
            "template_syntax",
            "template_error",
            "template_changed",
            "service_promotes",
            *MODEL,
        ),
        takes=ref("Template"),
    ),
    "GET /service-kinds": does("What counts as a service message", obj({"kinds": by_name(TEXT)})),
    "GET /landing-pages": does("Where campaigns lead to", ref("LandingPages")),
    "PUT /landing-pages": does(
        "Replace them; no service message may link there",
        obj({"pages": many(TEXT), "breaches": by_name(many(TEXT))}),
        *MODEL,
        takes=ref("LandingPages"),
    ),
    "GET /messages/{send_id}": does(
        "Why a message was sent or not, without any address", ref("Decision"), "not_found"
    ),
    "GET /decisions": does(
        "A profile's latest decision records, newest first",
        obj({"decisions": many(ref("Decision"))}),
        "invalid",
        query={"profile": TEXT},
        needed=("profile",),
    ),
    "GET /reports/summary": does("How many messages had which fate", ref("Summary")),
}

_TEMPLATE = model("Template", TemplateDocument)
_COUNTS = by_name(NUMBER)
_OPTIONAL: Mapping[str, Schema] = {
    **dict.fromkeys(("reason", "profile_id", "merged_from", "journey", "node", "enrolment_id"), TEXT),
    "message_class": one_of(*get_args(MessageClass)),
    **dict.fromkeys(("purpose", "channel", "address_key", "consent_entry_id"), TEXT),
    "gates": many(by_name(TEXT)),
    **dict.fromkeys(("counted_on", "attempt_id", "provider_id", "cost"), TEXT),
    **dict.fromkeys(("claimed_at", "updated_at"), INSTANT),
}

SCHEMAS: Mapping[str, Schema] = {
    **delivery_channels.SCHEMAS,
    **_TEMPLATE,
    **model("LandingPages", LandingPages),
    "TemplateShown": obj({"name": TEXT, "version": NUMBER, **_TEMPLATE["Template"]["properties"]}),
    "Decision": {
        **obj(
            {
                **dict.fromkeys(("send_id", "template"), TEXT),
                "channels": many(TEXT),
                "requested_at": INSTANT,
                "status": one_of(*get_args(Status)),
                **dict.fromkeys(("version", "template_version", "attempts", "units"), NUMBER),
                "possible_duplicate": FLAG,
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
