"""Journeys as documents: writing, judging, publishing and showing them, and the library of ready-made ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from services.journeys.domain.objectives import Angle, Kpi, Objective
from services.journeys.domain.schema import CONDITIONS, schema
from tests.contracts.openapi.operations import BODY, ETAG, IF_MATCH, IF_NONE, Operation, does
from tests.contracts.openapi.shapes import (
    COMPONENTS,
    CONDITION,
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    both,
    by_name,
    component,
    condition,
    many,
    obj,
    one_of,
    published,
    ref,
)

JOURNEY = "Journey"
DOCUMENT = ("invalid_yaml", *BODY)
"""How a body that is JSON or YAML can fail before anybody looks at what it says."""

PUBLISHING = ("invalid_journey", "published_meanwhile")
ANY: Schema = {"type": "object", "description": "A journey's document, right or wrong."}

OPERATIONS: Mapping[str, Operation] = {
    "GET /journeys": does(
        "The newest version of every journey", obj({"journeys": many(ref("JourneyListed"))})
    ),
    "GET /journeys/{name}": does(
        "A journey, its versions and its pictures", ref("JourneyShown"), "unknown_journey"
    ),
    "PUT /journeys/{name}": does(
        "Publish a document as the next version; the newest one's again changes nothing",
        ref("Published"),
        *PUBLISHING,
        *DOCUMENT,
        takes=ref(JOURNEY),
        yaml=True,
    ),
    "GET /journeys/{name}/versions/{version}": does(
        "A version as it was published, and its pictures", ref("VersionShown"), "unknown_journey"
    ),
    "POST /journeys/validate": does(
        "Everything that is wrong with a document, what may not be meant, and its picture; nothing is published",
        ref("Verdict"),
        *DOCUMENT,
        takes=ANY,
        yaml=True,
    ),
    "PUT /journeys/{name}/draft": does(
        "Keep a document that is being written, right or wrong",
        ref("Draft"),
        *("wrong_name", "stale", "changed_meanwhile", "bad_if_match", *DOCUMENT),
        takes=ANY,
        yaml=True,
        headers=IF_MATCH | IF_NONE,
        gives=ETAG,
    ),
    "GET /journeys/{name}/draft": does(
        "The document that is being written, and all that is wrong with it",
        ref("Draft"),
        "unknown_draft",
        gives=ETAG,
    ),
    "POST /journeys/{name}/publish": does(
        "Publish the draft as the next version",
        ref("Published"),
        *("unknown_draft", "stale", "bad_if_match", *PUBLISHING),
        headers=IF_MATCH,
    ),
    "GET /journeys/library": does("Ready-made journeys", obj({"library": many(ref("Ready"))})),
    "GET /journeys/library/{name}": does(
        "A ready-made journey with its messages, as both would be put", ref("ReadyShown"), "not_found"
    ),
}


def journey() -> dict[str, Schema]:
    """docs/journeys.schema.json as a component."""
    targets = {
        "#/$defs/": f"{COMPONENTS}{JOURNEY}/$defs/",
        f"{CONDITIONS}#/$defs/": component(""),
        CONDITIONS: f"{COMPONENTS}{CONDITION}",
    }
    return {JOURNEY: published(schema(), targets)}


_OBJECTIVE = one_of(*get_args(Objective))
_ANGLE, _KPI = one_of(*get_args(Angle)), one_of(*get_args(Kpi))
_VERSION: Mapping[str, Schema] = {
    "version": NUMBER,
    "digest": TEXT,
    "state_machine_arn": TEXT,
    "published_at": INSTANT,
}
_PROBLEMS = many(ref("Problem"))
_DIAGRAM = ref("Diagram")
_SOUND = obj(
    {
        "valid": {"const": True},
        "problems": many({}, maxItems=0),
        "warnings": _PROBLEMS,
        "diagram": _DIAGRAM,
    }
)
_BROKEN = obj(
    {
        "valid": {"const": False},
        "problems": many(ref("Problem"), minItems=1),
        "warnings": _PROBLEMS,
        "diagram": _DIAGRAM,
    },
    "diagram",
)
_DRAFT = obj({"name": TEXT, "revision": NUMBER, "at": INSTANT, "document": ANY})
_READY = obj(
    {
        "name": TEXT,
        "title": TEXT,
        "about": TEXT,
        "objective": _OBJECTIVE,
        "objective_title": TEXT,
        "angle": _ANGLE,
        "kpi": _KPI,
    }
)

SCHEMAS: Mapping[str, Schema] = {
    **condition(),
    **journey(),
    "Published": obj({"name": TEXT, "version": NUMBER, "state_machine_arn": TEXT}),
    "JourneyListed": obj(
        {
            "name": TEXT,
            "title": TEXT,
            "objective": _OBJECTIVE,
            "angle": _ANGLE,
            "kpi": _KPI,
            "needed_data": many(TEXT),
            **_VERSION,
        }
    ),
    "JourneyShown": obj(
        {
            "name": TEXT,
            **_VERSION,
            "document": ref(JOURNEY),
            "versions": many(obj(_VERSION)),
            "diagram": _DIAGRAM,
        }
    ),
    "VersionShown": obj({"name": TEXT, **_VERSION, "document": ref(JOURNEY), "diagram": _DIAGRAM}),
    "Diagram": obj({"mermaid": TEXT, "dot": TEXT}),
    "Problem": obj({"path": TEXT, "message": TEXT}),
    "Verdict": {"oneOf": [_SOUND, _BROKEN]},
    "Draft": {"oneOf": [both(_DRAFT, _SOUND), both(_DRAFT, _BROKEN)]},
    "Ready": _READY,
    "ReadyShown": both(
        _READY,
        obj(
            {
                "uses": by_name(by_name(TEXT)),
                "document": ref(JOURNEY),
                "templates": by_name(ref("Message")),
                "diagram": _DIAGRAM,
            }
        ),
    ),
    "Message": obj(
        {
            "class": one_of("service", "commercial"),
            "purpose": TEXT,
            "channels": obj(
                {"email": obj({"subject": TEXT, "text": TEXT}), "sms": obj({"text": TEXT})}, "sms"
            ),
        },
        "purpose",
        description="The body of `PUT /templates/{name}`.",
    ),
}
