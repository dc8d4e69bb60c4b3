"""Scoring: the kinds of definitions, lists, the library, one person's standing, what forums sound like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from services.scoring.domain.definitions import KINDS, Kind
from services.scoring.mentions.sentiment import MOST_DAYS
from services.scoring.service.definition_desk import MOST_LISTED
from tests.contracts.openapi.operations import (
    BODY,
    ETAG,
    IF_MATCH,
    IF_NONE,
    JSON,
    MODEL,
    Operation,
    does,
    or_table,
)
from tests.contracts.openapi.scoring_loyalty import OPERATIONS as OF_LOYALTY
from tests.contracts.openapi.scoring_loyalty import SCHEMAS as LOYALTY_SCHEMAS
from tests.contracts.openapi.scoring_shapes import DEFINITION_CODES, title
from tests.contracts.openapi.scoring_shapes import SCHEMAS as OTHER_SCHEMAS
from tests.contracts.openapi.shapes import DAY, FLAG, TEXT, Schema, many, named, obj, ref

__all__ = ["OPERATIONS", "SCHEMAS"]

PAGED: Mapping[str, Schema] = {
    "cursor": TEXT,
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_LISTED},
}
DAYS: Mapping[str, Schema] = {"days": {"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": 90}}
CHANGING = ("stale", "conflict", "bad_if_match")


def of_kind(kind: Kind) -> dict[str, Operation]:
    """The routes that every kind of definition has, by route key."""
    one, what = f"/{kind.path}/{{name}}", kind.name.replace("-", " ")
    document = named(title(kind))
    rules = ("invalid_name", "too_many", "unknown_reference", *DEFINITION_CODES[kind.name], *MODEL)
    routes = {
        f"GET /{kind.path}": does(f"Every {what}", obj({kind.listed: many(document)})),
        f"GET {one}": does(f"A {what}", document, "not_found", gives=ETAG),
        f"PUT {one}": does(
            f"Define a {what}, or define it anew",
            document,
            *CHANGING,
            *rules,
            takes=ref(title(kind)),
            headers=IF_MATCH | IF_NONE,
            gives=ETAG,
        ),
        f"DELETE {one}": does(
            f"Let go of a {what}", obj({"deleted": TEXT}), *CHANGING, "not_found", "in_use", headers=IF_MATCH
        ),
        f"GET {one}/revisions": does(
            f"All that a {what} was, the newest first",
            ref("Revisions"),
            "bad_limit",
            "bad_cursor",
            query=PAGED,
        ),
        f"POST {one}/validate": does(
            "The document as it would be stored", document, *rules, takes=ref(title(kind))
        ),
    }
    return {**routes, **(of_places(one) if kind.places else {})}


def of_places(one: str) -> dict[str, Operation]:
    """The routes of kinds that place people."""
    members = does(
        "Who is in it",
        ref("Members"),
        *("not_found", "unknown_place", "bad_limit", "bad_cursor"),
        query={**PAGED, "value": TEXT, "product": TEXT, "format": {"enum": ["json", "csv"]}},
    )
    return {
        f"GET {one}/members": or_table(members),
        f"GET {one}/counts": does("How many are where", ref("Counts"), "not_found"),
        f"GET {one}/moves": does(
            "Who went from where to where, counted",
            ref("Moves"),
            *("not_found", "bad_day"),
            query={"from": DAY, "to": DAY},
        ),
    }


def of_lists() -> dict[str, Operation]:
    """The routes of segments alone."""
    segment = "/segments/{name}"
    replaced = does(
        "Make a list what a file says; while `complete` is false, the same request again goes on",
        ref("Replaced"),
        *("not_found", "not_static", "invalid_file", "invalid_body", "too_large"),
        also={202: ref("Replaced")},
        query={"silent": FLAG},
    )
    parameters = ("not_found", "unknown_parameter", "invalid_parameter", "too_many", "unknown_reference")
    return {
        f"PUT {segment}/members": replace(
            replaced, takes={"application/x-ndjson": TEXT, "text/csv": TEXT, JSON: TEXT}
        ),
        f"POST {segment}/members": does(
            "Change a list",
            ref("Listed"),
            *("not_found", "not_static", "invalid_members", *BODY),
            takes=ref("ListChange"),
        ),
        f"POST {segment}/preview": does(
            "How many it would hold",
            ref("Preview"),
            *("invalid_name", "unknown_reference", "too_many", *DEFINITION_CODES["segment"], *BODY),
            takes=ref("Segment"),
        ),
        "GET /segments/library": does("What is ready-made", ref("Library")),
        "POST /segments/library/{name}": does(
            "Define what is ready-made, in place of namesakes",
            ref("Made"),
            *(*parameters, "invalid_name", "invalid_segment", "invalid_condition"),
            *("definition_cycle", "conflict", *MODEL),
            takes=ref("Chosen"),
        ),
    }


def of_definitions() -> dict[str, Operation]:
    """The route about all definitions together."""
    return {
        "GET /backfill": does("How far everybody is judged by definitions as they stand", ref("Backfill"))
    }


def of_people() -> dict[str, Operation]:
    """The routes about one person."""
    return {
        "GET /profiles/{profile_id}/standing": does(
            "What is known of a person, and why they are where they are", ref("Standing"), "not_found"
        ),
        "GET /profiles/{profile_id}/offers": does(
            "What to offer a person, by margin times propensity",
            ref("Offers"),
            *("not_found", "waiting"),
            query={"margins": {**TEXT, "description": "a margin table"}},
            needed=("margins",),
        ),
        "GET /profiles/{profile_id}/next-best": does(
            "What to propose to a person, when, in which tone and over which channel, and why",
            ref("NextBest"),
            *("not_found", "waiting"),
            query={"pitches": {**TEXT, "description": "names with commas between; all, if not given"}},
        ),
        "POST /profiles/{profile_id}/stages/{name}": does(
            "Put somebody in another stage",
            ref("Place"),
            *("not_found", "unknown_stage", "unknown_product", "illegal_jump", *BODY),
            takes=ref("Move"),
        ),
    }


def of_forums() -> dict[str, Operation]:
    """What is said of brands. No route tells who said it."""
    return {
        "POST /mentions": does(
            "Take in what was said in forums; sending it again changes nothing",
            ref("Heard"),
            *("invalid_mentions", *BODY),
            takes=obj({"mentions": many(ref("Mention"), minItems=1, maxItems=100)}),
        ),
        "GET /forums/{name}/sentiment": does(
            "What a forum sounds like", ref("ForumSentiment"), "not_found", "bad_days", query=DAYS
        ),
        "GET /segments/{name}/sentiment": does(
            "What the forums of a segment sound like, where it has members enough",
            ref("SegmentSentiment"),
            *("not_found", "bad_days"),
            query=DAYS,
        ),
    }


OPERATIONS: Mapping[str, Operation] = {
    **{key: one for kind in KINDS.values() for key, one in of_kind(kind).items()},
    **of_definitions(),
    **of_lists(),
    **of_people(),
    **of_forums(),
    **OF_LOYALTY,
}

SCHEMAS: Mapping[str, Schema] = {**OTHER_SCHEMAS, **LOYALTY_SCHEMAS}
