"""The doors: Segment's and Jitsu's paths, and submissions of forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.ingest.domain.segment import MAX_BATCH_EVENTS, SHORT
from services.ingest.doors.accept import PATHS
from tests.contracts.openapi.operations import BODY, FORM, JSON, PAGE, Operation, does
from tests.contracts.openapi.shapes import (
    ANYTHING,
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

KEY_CODES = ("no_write_key", "bad_write_key", "expired_write_key", "secret_key_in_browser", "rate_exceeded")
JSON_CODES = ("invalid_json", "invalid_gzip", "duplicate_key", "too_deep", "bad_number", "too_large")
EVENT_CODES = (
    *("bad_identifier", "bad_message_id", "bad_name", "bad_object", "bad_text", "bad_timestamp"),
    *("missing_event_name", "missing_group_id", "no_identity", "not_finite", "400 too_many_keys"),
    *("unknown_type", "not_in_schema", "property_missing", "property_type", "property_unknown"),
    *("attribute_unknown", "attribute_type", "attribute_kind"),
)
BATCH_CODES = ("invalid_batch", "empty_batch", "too_many_events")

CALLS: Mapping[str, str] = {
    "identify": "Say who somebody is",
    "track": "Say what somebody did",
    "page": "Say which page somebody sees",
    "screen": "Say which screen somebody sees",
    "group": "Say whom somebody belongs to",
    "alias": "Say that two ids are one person's",
}
_OWN: Mapping[str, Mapping[str, Schema]] = {
    "identify": {"traits": ANYTHING},
    "track": {"event": TEXT, "properties": ANYTHING},
    "page": {"name": TEXT, "properties": ANYTHING},
    "screen": {"name": TEXT, "properties": ANYTHING},
    "group": {"groupId": {"anyOf": [TEXT, NUMBER]}, "traits": ANYTHING},
    "alias": {"previousId": {"anyOf": [TEXT, NUMBER]}},
}
_NEEDED: Mapping[str, list[str]] = {"track": ["event"], "group": ["groupId"], "alias": ["previousId"]}


def _call(call: str) -> Operation:
    if call == "batch":
        summary, taken, codes = "Send many calls at once", ref("Batch"), (*EVENT_CODES, *BATCH_CODES)
    else:
        summary, taken, codes = CALLS[call], ref(call.title()), EVENT_CODES
    return does(
        summary, ref("Taken"), *KEY_CODES, *JSON_CODES, *codes, "invalid_body", takes=taken, who="source"
    )


def _whole(path: str) -> str:
    call = path.rpartition("/")[2]
    return SHORT.get(call, call)


SUBMISSION = replace(
    does(
        "Send a form; known, unknown and limited get the same answer",
        obj({"status": one_of("received")}),
        *("unknown_form", "origin_not_allowed", "missing_answer", "bad_answer", "unknown_purpose"),
        *("bad_identifier", "bad_submission_id", "invalid_form", "bad_text", "bad_number", "not_finite"),
        *("too_deep", "400 too_many_keys", "duplicate_key", "invalid", *BODY),
        status=202,
        who="anyone",
    ),
    takes={JSON: ref("Submission"), FORM: by_name(TEXT)},
    answers={202: {JSON: obj({"status": one_of("received")}), PAGE: TEXT}},
)

OPERATIONS: Mapping[str, Operation] = {
    **{f"POST {path}": _call(_whole(path)) for path in PATHS},
    "POST /forms/{form_id}/submissions": SUBMISSION,
}


def _event(call: str) -> dict[str, Any]:
    """Segment's fields. Whoever may send them, we keep more than these of none."""
    an_id = {"anyOf": [TEXT, NUMBER]}
    properties: dict[str, Schema] = {
        "userId": an_id,
        "anonymousId": an_id,
        "messageId": TEXT,
        "timestamp": TEXT,
        "originalTimestamp": TEXT,
        "sentAt": TEXT,
        "context": ANYTHING,
        "integrations": ANYTHING,
        "writeKey": TEXT,
        **_OWN[call],
    }
    return {
        "type": "object",
        "description": f"{CALLS[call]}. Fields that Segment has beside these may be there.",
        "properties": properties,
        **({"required": _NEEDED[call]} if call in _NEEDED else {}),
    }


SCHEMAS: Mapping[str, Schema] = {
    **{call.title(): _event(call) for call in CALLS},
    "Batch": obj(
        {
            "batch": many(
                {
                    "oneOf": [
                        {
                            "allOf": [ref(call.title())],
                            "properties": {"type": {"const": call}},
                            "required": ["type"],
                        }
                        for call in CALLS
                    ]
                },
                minItems=1,
                maxItems=MAX_BATCH_EVENTS,
            ),
            "context": ANYTHING,
            "integrations": ANYTHING,
            "sentAt": TEXT,
            "writeKey": TEXT,
        },
        *("context", "integrations", "sentAt", "writeKey"),
        more=True,
        description="`context` and `integrations` hold for each call that does not say otherwise.",
    ),
    "Taken": obj(
        {
            "success": {"const": True},
            "rejected": many(
                obj({"index": NUMBER, "messageId": or_null(TEXT), "code": TEXT, "message": TEXT})
            ),
        },
        "rejected",
        description="What is taken is durably queued; `rejected` lists what of a batch was not.",
    ),
    "Submission": obj(
        {
            "answers": by_name({}),
            "consents": many(TEXT),
            "anonymousId": TEXT,
            "page": TEXT,
            "submissionId": TEXT,
        },
        *("answers", "consents", "anonymousId", "page", "submissionId"),
        more=True,
        description="Answers by question, purposes that were ticked; the same `submissionId` again counts once.",
    ),
}
