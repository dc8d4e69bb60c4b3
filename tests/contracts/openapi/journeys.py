"""Journeys: their documents and versions, and who is where in them."""

from __future__ import annotations

from collections.abc import Mapping

from services.journeys.domain.document import Document
from tests.contracts.openapi.operations import BODY, Operation, does
from tests.contracts.openapi.shapes import (
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    by_name,
    condition,
    many,
    model,
    obj,
    or_null,
    ref,
)

OPERATIONS: Mapping[str, Operation] = {
    "GET /journeys": does(
        "The newest version of every journey", obj({"journeys": many(ref("JourneyListed"))})
    ),
    "GET /journeys/{name}": does(
        "A journey, its versions and its pictures", ref("JourneyShown"), "unknown_journey"
    ),
    "PUT /journeys/{name}": does(
        "Publish a document as the next version; the newest one's again changes nothing",
        obj({"name": TEXT, "version": NUMBER, "state_machine_arn": TEXT}),
        *("invalid_journey", "published_meanwhile", *BODY),
        takes=ref("Journey"),
    ),
    "POST /journeys/validate": does(
        "Everything that is wrong with a document, or its picture; nothing is published",
        ref("Verdict"),
        *BODY,
        takes={"type": "object", "description": "A journey's document, right or wrong."},
    ),
    "GET /profiles/{profile_id}/journeys": does(
        "Where a person is, or was, in every journey", obj({"journeys": many(ref("Walk"))})
    ),
}

_VERSION: Mapping[str, Schema] = {
    "version": NUMBER,
    "digest": TEXT,
    "state_machine_arn": TEXT,
    "published_at": INSTANT,
}

SCHEMAS: Mapping[str, Schema] = {
    **condition(),
    **model("Journey", Document, **{"when": "condition", "for": "duration", "admission": "duration"}),
    "JourneyListed": obj(
        {**dict.fromkeys(("name", "title", "objective"), TEXT), "needed_data": many(TEXT), **_VERSION}
    ),
    "JourneyShown": obj(
        {
            "name": TEXT,
            **_VERSION,
            "document": ref("Journey"),
            "versions": many(obj(_VERSION)),
            "diagram": ref("Diagram"),
        }
    ),
    "Diagram": obj({"mermaid": TEXT, "dot": TEXT}),
    "Verdict": {
        "oneOf": [
            obj({"valid": {"const": True}, "problems": many({}, maxItems=0), "diagram": ref("Diagram")}),
            obj(
                {
                    "valid": {"const": False},
                    "problems": many(obj({"path": TEXT, "message": TEXT}), minItems=1),
                }
            ),
        ]
    },
    "Walk": obj(
        {
            "journey": TEXT,
            "version": NUMBER,
            "enrolment_id": TEXT,
            "number": NUMBER,
            **dict.fromkeys(("status", "node", "cohort"), TEXT),
            "entered_at": INSTANT,
            "exited_at": or_null(INSTANT),
            "reason": TEXT,
            **dict.fromkeys(("requested", "inherited"), by_name(INSTANT)),
            "moved_to": TEXT,
        }
    ),
}
