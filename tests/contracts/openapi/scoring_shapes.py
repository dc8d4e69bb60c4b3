"""What the routes of scoring take and answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.scoring.domain.analysis.reactivation import ReactivationModel
from services.scoring.domain.analysis.response import ResponseModel
from services.scoring.domain.definitions import (
    KINDS,
    Kind,
    MarginTable,
    ScoreModel,
    fits,
    lifecycles,
    pitches,
    strategies,
    trigger_tables,
)
from services.scoring.domain.definitions.forums import Forum
from services.scoring.domain.definitions.models import WeightedScore
from services.scoring.domain.definitions.segments import LONGEST
from services.scoring.domain.library import Parameter
from services.scoring.mentions.hearing import Sent
from services.scoring.service.list_desk import MOST
from tests.contracts.openapi.shapes import (
    AMOUNT,
    ANYTHING,
    CONDITION,
    DAY,
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    by_name,
    condition,
    many,
    model,
    named,
    obj,
    or_null,
    ref,
)


def title(kind: Kind) -> str:
    """The name of a kind's documents."""
    return "".join(word.title() for word in kind.name.split("-"))


DEFINITION_CODES: Mapping[str, tuple[str, ...]] = {
    "segment": ("invalid_segment", "invalid_condition", "definition_cycle"),
    "score-model": ("invalid_condition", "definition_cycle", "not_learned"),
    "margin-table": (),
    "pitch": ("not_learned",),
    "forum": ("unsafe_url",),
    "stage": ("invalid_condition", "definition_cycle"),
    "fit-model": ("invalid_condition", "definition_cycle"),
    "strategy": ("cell_twice", "unknown_grade", "unmapped_cell", "definition_cycle"),
    "trigger-table": ("reaction_twice", "unmapped_reaction", "invalid_condition", "definition_cycle"),
}
"""What documents of a kind are refused for, beside what all are."""

MODELS: Mapping[str, tuple[Any, Mapping[str, str]]] = {
    "score-model": (
        ScoreModel | WeightedScore | ResponseModel | ReactivationModel,
        {"where": "where", "half_life": "duration", "linear": "duration", "expires": "duration"},
    ),
    "margin-table": (MarginTable, {}),
    "pitch": (pitches.Document, {}),
    "forum": (Forum, {}),
    "stage": (lifecycles.Document, {"when": "condition", "enter": "condition", "after": "duration"}),
    "fit-model": (fits.Document, {"when": "condition"}),
    "strategy": (strategies.Document, {}),
    "trigger-table": (trigger_tables.Document, {"where": "where", "within": "duration"}),
}
"""What reads the documents of a kind, and its fields of the condition language. Segments are read by hand."""


def _segment() -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST}
    properties = {
        "name": TEXT,
        "static": FLAG,
        **dict.fromkeys(("condition", "include", "exclude"), ref(CONDITION)),
        "silent": FLAG,
        **dict.fromkeys(("description", "advice"), text),
    }
    return {
        **obj(properties, *properties, description="Whoever fits a condition, or a list (`static`)."),
        "oneOf": [
            {"required": ["condition"]},
            {"anyOf": [{"required": ["include"]}, {"required": ["exclude"]}]},
            {"required": ["static"], "properties": {"static": {"const": True}}},
        ],
    }


def _definitions() -> dict[str, Schema]:
    found: dict[str, Schema] = {"Segment": _segment()}
    for kind, (type_, language) in MODELS.items():
        found |= model(title(KINDS[kind]), type_, in_path=("name",), **language)
    returning = found["ScoreModel.ReactivationModel"]
    inner = {**returning["properties"], "active": named("ScoreModel.ResponseModel")}
    return {**found, "ScoreModel.ReactivationModel": {**returning, "properties": inner}}


SUMMARY: Mapping[str, Schema] = {"score": or_null(AMOUNT), "mentions": NUMBER}
SPOKEN: Mapping[str, Schema] = {
    **SUMMARY,
    "topics": by_name(ref("SentimentSummary")),
    "days": many(ref("SentimentDay")),
}

SCHEMAS: Mapping[str, Schema] = {
    **condition(),
    **_definitions(),
    **model("Mention", Sent),
    **model("Parameter", Parameter),
    "Revisions": obj(
        {
            "revisions": many(
                obj({"revision": NUMBER, "saved_at": or_null(INSTANT), "document": or_null(ANYTHING)})
            ),
            "cursor": or_null(TEXT),
        },
        description="A revision without a document is a deletion.",
    ),
    "Backfill": obj(
        {
            "definitions": NUMBER,
            "under_way": or_null(
                obj(
                    {
                        **{"definitions": NUMBER, "starts_at": INSTANT},
                        **dict.fromkeys(("looked_at", "of", "waiting", "failed"), NUMBER),
                    }
                )
            ),
            "done": or_null(
                obj({"definitions": NUMBER, "at": INSTANT, "looked_at": NUMBER, "failed": NUMBER})
            ),
        },
        description=(
            "Each change makes version `definitions` of all definitions together, and a minute later (`starts_at`) a "
            "pass over everybody begins (anew). It has `looked_at` so many profiles, `of` about so many; `waiting` are "
            "those of the page in hand whose past is not complete yet, `failed` those that can't be judged. Everybody "
            "is judged by definitions as they stand when `under_way` is null."
        ),
    ),
    "Members": obj({"members": many(obj({"profile_id": TEXT, "since": INSTANT})), "cursor": or_null(TEXT)}),
    "Counts": obj(
        {
            "counts": many(
                obj({"product": TEXT, "value": TEXT, "in": NUMBER, "entered": NUMBER, "left": NUMBER})
            )
        },
        description=(
            "`in`: now; `entered` and `left`: in the last 400 days. All moves of these days are read for an answer: up "
            "to some 300,000 of one definition fit into the 30 seconds of a request. Beyond that, ask for `moves` of "
            "fewer days."
        ),
    ),
    "Moves": obj(
        {
            "from": DAY,
            "to": DAY,
            "moves": many(obj({"product": TEXT, "before": TEXT, "after": TEXT, "count": NUMBER})),
        }
    ),
    "ListChange": obj(
        {"add": many(TEXT, maxItems=MOST), "remove": many(TEXT, maxItems=MOST), "silent": FLAG},
        *("add", "remove", "silent"),
        description=f"Profiles that go on the list and off it, 1 to {MOST} together; `silent`: told to nobody.",
    ),
    "Listed": obj(
        {
            **dict.fromkeys(("added", "removed", "unchanged"), NUMBER),
            **dict.fromkeys(("unknown", "failed"), many(TEXT)),
        },
        description="`failed` ones have to be asked for again.",
    ),
    "Replaced": obj(
        {
            **dict.fromkeys(("added", "removed", "unchanged"), NUMBER),
            **dict.fromkeys(("unknown", "failed"), many(TEXT)),
            **{"members": NUMBER, "left": NUMBER, "complete": FLAG},
        },
    ),
    "Preview": obj(
        {
            **{"count": NUMBER, "of": NUMBER, "exact": FLAG},
            "interval": many(NUMBER, minItems=2, maxItems=2),
            "sample": many(TEXT),
            **{"took_reads": NUMBER, "took_pasts": NUMBER},
        },
        description="How many it would hold, of how many; in 95 of 100 cases the interval holds the true number.",
    ),
    "Library": obj(
        {
            "library": many(
                obj({"id": TEXT, "title": TEXT, "description": TEXT, "parameters": by_name(ref("Parameter"))})
            )
        }
    ),
    "Chosen": obj({"parameters": ANYTHING, "preview": FLAG}, "parameters", "preview"),
    "Made": obj(
        {
            "definitions": many(
                obj(
                    {"kind": TEXT, "name": TEXT, "revision": NUMBER, "document": ANYTHING},
                    "revision",
                    "document",
                )
            )
        },
        description="With `preview`, the documents; else the revisions that were saved.",
    ),
    "Standing": obj(
        {
            **{"profile_id": TEXT, "version": NUMBER, "at": INSTANT, "facts": ANYTHING},
            "scores": by_name(ANYTHING),
            "segments": by_name(INSTANT),
            "stages": by_name(by_name(TEXT)),
            "advice": by_name(TEXT),
            "explained": by_name(ANYTHING),
            "fits": by_name(TEXT),
            "cells": by_name(TEXT),
            "values": by_name(ref("Value")),
            "waiting": many(TEXT),
        },
    ),
    "Value": obj(
        {
            "value": AMOUNT,
            "held": many(obj({"product": TEXT, "pieces": AMOUNT, "margin": AMOUNT})),
            "unpriced": many(TEXT),
        },
        description="What the products that somebody holds bring a year by a margin table.",
    ),
    "Offers": obj(
        {
            "profile_id": TEXT,
            "offers": many(
                obj({"product": TEXT, **dict.fromkeys(("propensity", "margin", "expected"), AMOUNT)})
            ),
        },
        description="Products that are not held yet, the best first.",
    ),
    "NextBest": obj(
        {
            **{"profile_id": TEXT, "zone": TEXT},
            "actions": many(
                obj(
                    {
                        **{"proposition": TEXT, "propensity": AMOUNT, "expected": AMOUNT},
                        **{"hour": NUMBER, "tone": TEXT, "channel": or_null(TEXT)},
                        "reasons": obj(dict.fromkeys(("propensity", "hour", "tone", "channel"), TEXT)),
                    }
                )
            ),
        },
        description=(
            "The best first: what can be sent before what can't (`channel` is null), then by the money to expect. "
            "`hour` is local, in `zone` (the trait `timezone`, else UTC)."
        ),
    ),
    "Move": obj({"to": TEXT, "product": TEXT}, "product"),
    "Place": obj({"stage": TEXT, "since": INSTANT}),
    "Heard": obj(
        {
            "counted": NUMBER,
            "known": NUMBER,
            "refused": many(obj({"index": NUMBER, "code": TEXT, "message": TEXT})),
        }
    ),
    "SentimentSummary": obj(
        dict(SUMMARY),
        description="`score` is the decayed mean polarity, -1 to 1; null: nothing could be read.",
    ),
    "SentimentDay": obj(
        {"day": DAY, "mentions": NUMBER, "score": or_null(AMOUNT), "positive": NUMBER, "negative": NUMBER}
    ),
    "ForumSentiment": obj({"forum": TEXT, **SPOKEN, "feed": or_null(ANYTHING)}),
    "SegmentSentiment": obj(
        {"segment": TEXT, "forums": many(TEXT), "shown": FLAG, "minimum_members": NUMBER, **SPOKEN},
        *SPOKEN,
        description="Not `shown`: the segment has under `minimum_members` people, and nothing of it is told.",
    ),
}
