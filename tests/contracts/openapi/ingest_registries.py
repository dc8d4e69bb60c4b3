"""What marketers register with ingest: sources, attributes, forms, imports, sinks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from services.ingest.domain.attributes import AttributeDocument
from services.ingest.domain.forms import Form
from services.ingest.domain.imports import Definition, Status
from services.ingest.domain.sinks import SinkDocument
from services.ingest.domain.sources import ROLES, SourceDocument
from services.ingest.doors.sources import MAX_OVERLAP, MAX_ROWS
from services.ingest.sinks.registry import MAX_OVERLAP_HOURS, OVERLAP_HOURS
from tests.contracts.openapi.operations import BODY, MODEL, Operation, does
from tests.contracts.openapi.shapes import (
    ANYTHING,
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    both,
    many,
    model,
    obj,
    one_of,
    or_null,
    ref,
)

POLICY = one_of("open", "quarantine", "reject")
KEY_HOURS: Schema = {"type": "number", "minimum": 0, "maximum": MAX_OVERLAP.days * 24, "default": 24}
SECRET_HOURS: Schema = {
    "type": "integer",
    "minimum": 0,
    "maximum": MAX_OVERLAP_HOURS,
    "default": OVERLAP_HOURS,
}

SOURCES: Mapping[str, Operation] = {
    "GET /sources": does(
        "Every source", obj({"sources": many(obj({"id": TEXT, "name": TEXT, "kind": TEXT}))})
    ),
    "GET /sources/{source_id}": does(
        "A source, and which keys are valid until when", ref("Source"), "404 unknown_source"
    ),
    "PUT /sources/{source_id}": does(
        "Declare a source; the answer to the first time alone tells its keys",
        ref("Source"),
        *("bad_source_id", "unknown_mapping", "source_conflict", *MODEL),
        takes=ref("SourceDocument"),
        also={201: ref("SourceWithKeys")},
    ),
    "DELETE /sources/{source_id}": does(
        "Remove a source; its keys open nothing within a minute",
        obj({"id": TEXT, "removed": FLAG}),
        *("404 unknown_source", "source_conflict"),
    ),
    "POST /sources/{source_id}/keys/rotate": does(
        "New keys; the old ones work some hours more",
        ref("RotatedSource"),
        *("404 unknown_source", "bad_overlap", "bad_keys", "409 too_many_keys", "source_conflict", *BODY),
        takes=obj({"overlap_hours": KEY_HOURS, "keys": many(one_of(*ROLES))}, "overlap_hours", "keys"),
    ),
    "POST /sources/{source_id}/mapping/dry-run": does(
        "What a mapping makes of rows; nothing is kept",
        ref("Tried"),
        *("404 unknown_source", "no_mapping", "unknown_mapping", "bad_rows", *MODEL),
        takes=ref("Rows"),
    ),
}
ATTRIBUTES: Mapping[str, Operation] = {
    "GET /attributes": does(
        "What may be known of people and why, and what was withheld lately", ref("Attributes")
    ),
    "PUT /attributes": does(
        "Decide what becomes of what nobody registered",
        obj({"policy": POLICY}),
        *("attributes_changed", *MODEL),
        takes=obj({"policy": POLICY}),
    ),
    "PUT /attributes/{name}": does(
        "Register an attribute",
        ref("Attribute"),
        *("bad_attribute", "too_many_attributes", "attributes_changed", *MODEL),
        takes=ref("AttributeDocument"),
    ),
    "DELETE /attributes/{name}": does(
        "Take an attribute out of the registry; what profiles hold of it stays",
        obj({"name": TEXT, "removed": FLAG}),
        *("unknown_attribute", "attributes_changed"),
    ),
}
FORMS: Mapping[str, Operation] = {
    "GET /forms": does("Every form", obj({"forms": many(ref("FormShown"))})),
    "GET /forms/{form_id}": does("A form with its version", ref("FormShown"), "unknown_form"),
    "PUT /forms/{form_id}": does(
        "Create or change a form; every change is a new version",
        ref("FormShown"),
        *("bad_form_id", "changed_meanwhile", *MODEL),
        takes=ref("Form"),
        also={201: ref("FormShown")},
    ),
    "DELETE /forms/{form_id}": does("Take no more submissions", obj({"deleted": TEXT}), "unknown_form"),
}
IMPORTS: Mapping[str, Operation] = {
    "POST /imports": does(
        "Import a file: it starts when its file is there, else the answer says where to PUT it",
        ref("Import"),
        *("400 unknown_source", "unknown_mapping", "bad_s3_uri", "no_file", "import_ended", "import_changed"),
        *MODEL,
        takes=ref("ImportDefinition"),
        status=202,
    ),
    "POST /imports/{import_id}/start": does(
        "Start an import whose file was uploaded",
        ref("Import"),
        *("unknown_import", "no_file", "import_ended", "import_changed"),
        status=202,
    ),
    "POST /imports/{import_id}/rollback": does(
        "Take an import back",
        ref("Import"),
        *("unknown_import", "no_file", "nothing_to_roll_back", "import_changed"),
        status=202,
    ),
    "GET /imports/{import_id}": does("How far an import is", ref("Import"), "unknown_import"),
}
SINKS: Mapping[str, Operation] = {
    "GET /sinks": does("Every sink and its health", obj({"sinks": many(ref("Sink"))})),
    "GET /sinks/{sink_id}": does("A sink and its health", ref("Sink"), "unknown_sink"),
    "PUT /sinks/{sink_id}": does(
        "Create or change a sink; the answer to a webhook's first time alone tells its secret",
        ref("Sink"),
        *("bad_sink_id", "unsafe_url", "bus_not_allowed", "too_many_sinks", "kind_immutable"),
        *("changed_meanwhile", *MODEL),
        takes=ref("SinkDocument"),
        also={201: ref("Sink")},
    ),
    "DELETE /sinks/{sink_id}": does(
        "Forget a sink and what waits for it", obj({"deleted": TEXT}), "unknown_sink"
    ),
    "POST /sinks/{sink_id}/secret/rotate": does(
        "A new secret; the old one signs beside it some hours more",
        obj({"id": TEXT, "secret": TEXT, "previous_valid_until": INSTANT}),
        *("unknown_sink", "no_secret", "bad_overlap", "changed_meanwhile", *BODY),
        takes=obj({"overlap_hours": SECRET_HOURS}, "overlap_hours"),
    ),
}
OPERATIONS: Mapping[str, Operation] = {**SOURCES, **ATTRIBUTES, **FORMS, **IMPORTS, **SINKS}

_DOCUMENTS: Mapping[str, Schema] = {
    **model("SourceDocument", SourceDocument, in_path=("name",)),
    **model("AttributeDocument", AttributeDocument),
    **model("Form", Form),
    **model("ImportDefinition", Definition),
    **model("SinkDocument", SinkDocument),
}


def _with(document: str, *needed: str, **more: Schema) -> dict[str, Any]:
    """What is stored of a document: it, and more. Defaults that nobody wrote may be left out."""
    properties = {**_DOCUMENTS[document]["properties"], **more}
    return obj(properties, *(properties.keys() - {*needed, *more}))


_KEY = obj({"role": one_of(*ROLES), "created_at": INSTANT, "expires_at": or_null(INSTANT)})
_SOURCE = _with("SourceDocument", "name", "kind", id=TEXT, created_at=INSTANT, keys=many(_KEY))
_SECRETS = {"write_key": TEXT, "secret_key": TEXT}
_FAULT = obj({"row": NUMBER, "field": TEXT, "code": TEXT, "message": TEXT})

SCHEMAS: Mapping[str, Schema] = {
    **_DOCUMENTS,
    "Source": _SOURCE,
    "SourceWithKeys": both(_SOURCE, obj(_SECRETS)),
    "RotatedSource": both(_SOURCE, obj({**_SECRETS, "old_keys_valid_until": INSTANT}, *_SECRETS)),
    "Rows": obj(
        {
            "rows": many(ANYTHING, maxItems=MAX_ROWS),
            "mapping": _DOCUMENTS["SourceDocument"]["properties"]["mapping"],
        },
        "mapping",
        description="`mapping`: instead of the source's own.",
    ),
    "Tried": obj(
        {
            **dict.fromkeys(("rows", "good", "bad"), NUMBER),
            "results": many(
                {
                    "oneOf": [
                        obj({"row": NUMBER, "events": many(ANYTHING)}),
                        obj(
                            {
                                "row": NUMBER,
                                "error": obj(
                                    dict.fromkeys(("code", "message", "rule", "field"), TEXT), "rule", "field"
                                ),
                            }
                        ),
                    ]
                }
            ),
        }
    ),
    "Attribute": {
        **_with("AttributeDocument", "purpose", name=TEXT, built_in=FLAG),
        "required": ["name", "purpose"],
    },
    "Attributes": obj(
        {
            "policy": POLICY,
            "attributes": many(ref("Attribute")),
            "withheld": many(obj({"name": TEXT, "events": NUMBER, "last_at": INSTANT})),
        }
    ),
    "FormShown": _with("Form", *_DOCUMENTS["Form"]["properties"], id=TEXT, version=NUMBER),
    "Import": obj(
        {
            "id": TEXT,
            "type": {"const": "IMPORT"},
            "job_status": one_of(*get_args(Status)),
            "total_pieces": or_null(NUMBER),
            **dict.fromkeys(
                ("completed_pieces", "failed_pieces", "total_processed", "total_failures"), NUMBER
            ),
            "failures": many(ref("RowFault")),
            "creation_date": INSTANT,
            "completion_date": or_null(INSTANT),
            "definition": ref("ImportDefinition"),
            **dict.fromkeys(("events", "total_exceptions"), NUMBER),
            "exceptions": many(ref("RowFault")),
            "rolled_back_rows": NUMBER,
            "broken": ref("RowFault"),
            "plan": ANYTHING,
            "upload_url": TEXT,
            "reports": many(TEXT),
        },
        *("rolled_back_rows", "broken", "plan", "upload_url", "reports"),
        description="Amazon Pinpoint's fields and ours. `plan`: what a dry run found; `reports`: links to CSV files.",
    ),
    "RowFault": _FAULT,
    "Sink": {
        "type": "object",
        "properties": {
            **{
                name: one
                for part in ("WebhookSink", "EventBridgeSink")
                for name, one in _DOCUMENTS[f"SinkDocument.{part}"]["properties"].items()
            },
            "kind": one_of("webhook", "eventbridge"),
            "id": TEXT,
            "created_at": INSTANT,
            "health": ref("SinkHealth"),
            "secret": TEXT,
        },
        "required": ["id", "kind", "name", "filter", "fields", "created_at", "health"],
        "additionalProperties": False,
    },
    "SinkHealth": obj(
        {
            "state": TEXT,
            **dict.fromkeys(("delivered", "failed", "failures_in_a_row"), NUMBER),
            "last_error": TEXT,
            **dict.fromkeys(("paused_until", "last_delivered_at", "last_failed_at"), or_null(INSTANT)),
        }
    ),
}
