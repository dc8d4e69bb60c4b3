"""The tour through scoring."""

from __future__ import annotations

from typing import Any

from services.scoring.domain.definitions import KINDS
from services.shared.clock import to_iso
from tests.contracts.openapi.tour import Tour

ORDERED = {"fact": "orders", "gte": 1}
LEARNED: dict[str, Any] = {
    "target": "answer",
    "intercept": -1.5,
    "features": [
        {"kind": "bands", "name": "orders", "bounds": [2, 5], "weights": [-0.5, 0.25, 1.0]},
        {"kind": "values", "name": "firstName", "weights": {"Ana": 0.75}},
    ],
}
MODELS: dict[str, dict[str, Any]] = {
    "likely": LEARNED,
    "returning": {
        **{"horizon_days": 180, "intercept": 2.0, "recency": 0.75, "likeness": 0.5, "margin": 0.3},
        "active": {"name": "active", **LEARNED},
    },
    "total": {"weights": {"first": 2, "likely": 10}},
}
"""Score models of the other sorts."""

DOCUMENTS: dict[str, dict[str, Any]] = {
    "segment": {"condition": ORDERED, "description": "Has ordered."},
    "score-model": {
        "rules": [
            {"event": "Order Completed", "points": 5, "decay": {"half_life": "P90D"}},
            {"event": "Home", "type": "page", "points": 1, "cap": 3},
        ]
    },
    "margin-table": {"margins": {"mug": 4.5, "pan": 20, "lid": 2}, "propensities": {"pan": "likely"}},
    "pitch": {
        "margin": 20,
        "propensity": "likely",
        "purpose": "newsletter",
        "tones": {"warm": ["welcome"], "plain": []},
        "everybody": {"hours": {"9": 60, "20": 40}, "tones": {"warm": {"answers": 2, "messages": 10}}},
    },
    "forum": {"segment": "first", "topics": {"app": ["app"]}},
    "stage": {
        "stages": ["prospect", "customer", "loyal"],
        "transitions": [
            {"from": ["prospect"], "to": "customer", "when": {"fact": "orders", "gte": 5}},
            {"from": ["customer"], "to": "loyal", "when": {"fact": "orders", "gte": 9}, "after": "P30D"},
        ],
    },
    "fit-model": {"rules": [{"when": {"trait": "firstName", "exists": True}, "grade": "A"}], "default": "B"},
    "strategy": {
        "score": "first",
        "fit": "first",
        "bands": [{"name": "cold"}, {"name": "hot", "from": 5}],
        "cells": [
            {"bands": ["cold"], "grades": ["A", "B"], "strategy": "nurture", "owner": "marketing"},
            {
                "bands": ["hot"],
                "grades": ["A", "B"],
                "strategy": "call",
                "owner": "sales",
                "task": {"title": "Call today"},
            },
        ],
    },
    "trigger-table": {
        "score": "first",
        "positions": [{"name": "any"}],
        "triggers": [{"name": "asks", "event": "Quote Requested"}],
        "reactions": [{"triggers": ["asks"], "positions": ["any"], "owner": "sales"}],
    },
}
PROGRAMME: dict[str, Any] = {
    "unit": "beans",
    "earn": [
        {"name": "purchase", "event": "Order Completed", "per": {"property": "revenue", "amount": 1}},
        {"name": "welcome", "event": "Registered", "points": 50, "once": True},
    ],
    "expires": "P365D",
    "tiers": {"levels": [{"name": "silver", "points": 100}, {"name": "gold", "points": 500}]},
    "perks": [
        {"name": "repair", "title": "Free repair", "lever": "service", "tier": "silver"},
        {"name": "tasting", "title": "An evening of tasting", "lever": "relational", "points": 80},
        {"name": "quiz", "title": "The monthly quiz", "lever": "engagement", "tier": "gold"},
    ],
    "referral": {"referrer": 100, "friend": 50, "link": "https://shop.example/?ref={code}"},
}
WRONG: dict[str, Any] = {
    "segment": {"condition": {"fact": "orders"}},
    "score-model": {"rules": []},
    "margin-table": {"margins": {}},
    "pitch": {"margin": -1},
    "forum": {"half_life_days": 0},
    "stage": {"stages": ["a"]},
    "fit-model": {"rules": []},
    "strategy": {"score": "first"},
    "trigger-table": {"score": "first"},
}


def definitions(tour: Tour) -> None:
    """One of each kind, a list, and what is ready-made."""
    ask = tour.ask
    for kind in KINDS.values():
        one, document = f"/{kind.path}/{{name}}", DOCUMENTS[kind.name]
        ask(f"POST {one}/validate", "first", body={**document, "name": "other"}, expect=400)
        ask(f"PUT {one}", "first", body=document)
        ask(f"PUT {one}", "first", body=document, headers={"if-none-match": "*"}, expect=412)
        ask(f"PUT {one}", "first", body=WRONG[kind.name], expect=400)
        ask(f"POST {one}/validate", "first", body=document)
        ask(f"GET /{kind.path}")
        ask(f"GET {one}", "first")
        ask(f"GET {one}", "none", expect=404)
        ask(f"GET {one}/revisions", "first", query={"limit": "1"})
        ask(f"GET {one}/revisions", "first", query={"limit": "0"}, expect=400)
        if kind.name == "score-model":
            for name, model in MODELS.items():
                ask(f"PUT {one}", name, body=model)
    ask("PUT /segments/{name}", "vip", body={"static": True})
    ask("GET /backfill")
    ask("GET /segments/library")
    ask("POST /segments/library/{name}", "value", body={"preview": True})
    ask("POST /segments/library/{name}", "value", body={})
    ask("POST /segments/library/{name}", "value", body={"parameters": {"none": 1}}, expect=400)
    ask("POST /segments/library/{name}", "none", body={}, expect=404)


def people_and_forums(tour: Tour) -> None:
    """Who is where, and what is said of us."""
    ask = tour.ask
    ana = tour.road.http("GET", "/profiles/userId:ana", admin=True).json()["profile_id"]
    ask("POST /segments/{name}/members", "vip", body={"add": [ana], "remove": ["prf_none"]})
    ask("POST /segments/{name}/members", "vip", body={"add": "all"}, expect=400)
    ask("POST /segments/{name}/members", "none", body={"add": [ana]}, expect=404)
    file = f'"{ana}"\n'.encode()
    ask("PUT /segments/{name}/members", "vip", body=file, sent_as="application/x-ndjson")
    ask("PUT /segments/{name}/members", "first", body=file, sent_as="application/x-ndjson", expect=400)
    ask("POST /segments/{name}/preview", "new", body={"condition": ORDERED})
    ask("POST /segments/{name}/preview", "new", body={"condition": {}}, expect=400)
    for kind in KINDS.values():
        one = f"/{kind.path}/{{name}}"
        if kind.places:
            ask(
                f"GET {one}/members",
                "first",
                query={"limit": "2"} if kind.name == "segment" else _place(kind.name),
            )
            ask(f"GET {one}/members", "none", expect=404)
            ask(f"GET {one}/counts", "first")
            ask(f"GET {one}/counts", "none", expect=404)
            ask(f"GET {one}/moves", "first")
            ask(f"GET {one}/moves", "first", query={"from": "yesterday"}, expect=400)
    ask("GET /segments/{name}/members", "first", query={"format": "csv"})
    ask("GET /profiles/{profile_id}/standing", ana)
    ask("GET /profiles/{profile_id}/standing", "prf_none", expect=404)
    ask("GET /profiles/{profile_id}/offers", ana, query={"margins": "first"})
    ask("GET /profiles/{profile_id}/offers", ana, query={"margins": "none"}, expect=404)
    ask("GET /profiles/{profile_id}/next-best", ana)
    ask("GET /profiles/{profile_id}/next-best", ana, query={"pitches": "none"}, expect=404)
    ask("POST /profiles/{profile_id}/stages/{name}", ana, "first", body={"to": "customer"})
    ask("POST /profiles/{profile_id}/stages/{name}", ana, "first", body={"to": "prospect"}, expect=409)
    ask("POST /profiles/{profile_id}/stages/{name}", ana, "first", body={"to": "king"}, expect=400)
    _forums(tour)


def loyalty(tour: Tour) -> None:
    """A programme, and what is done with points."""
    ask = tour.ask
    ana = tour.road.http("GET", "/profiles/userId:ana", admin=True).json()["profile_id"]
    ask("GET /loyalty/programme", expect=404)
    ask("GET /loyalty/{profile_id}", ana, expect=404)
    ask("PUT /loyalty/programme", body=PROGRAMME)
    ask("PUT /loyalty/programme", body={"perks": [{"name": "a"}]}, expect=400)
    ask("PUT /loyalty/programme", body=PROGRAMME, headers={"if-none-match": "*"}, expect=412)
    ask("GET /loyalty/programme")
    for path, body in (
        ("adjust", {"points": 120, "reason": "Brought over from the old cards"}),
        ("burn", {"perk": "tasting"}),
    ):
        key = f"POST /loyalty/{{profile_id}}/{path}"
        ask(key, ana, body=body, headers={"idempotency-key": "till-7-0815"})
        ask(key, ana, body=body, expect=400)
        ask(key, "prf_none", body=body, headers={"idempotency-key": "till-7-0816"}, expect=404)
        less = {"points": -9_000, "reason": "A mistake"} if path == "adjust" else {"points": 9_000}
        ask(key, ana, body=less, headers={"idempotency-key": "till-7-0817"}, expect=409)
    ask("POST /loyalty/{profile_id}/referral-code", ana)
    ask("POST /loyalty/{profile_id}/referral-code", "prf_none", expect=404)
    ask("GET /loyalty/{profile_id}", ana, query={"limit": "10"})
    ask("GET /loyalty/{profile_id}", ana, query={"limit": "0"}, expect=400)


def _place(kind: str) -> dict[str, str]:
    return {"value": {"stage": "prospect", "fit-model": "A", "strategy": "hot:A"}[kind]}


def _forums(tour: Tour) -> None:
    said = {
        "forum": "first",
        "text": "I love this shop, the app is great",
        "at": to_iso(tour.road.clock.now()),
        "guid": "post-1",
    }
    tour.ask("POST /mentions", body={"mentions": [said, {**said, "forum": "none", "guid": "post-2"}]})
    tour.ask("POST /mentions", body={"mentions": []}, expect=400)
    for path in ("forums", "segments"):
        tour.ask(f"GET /{path}/{{name}}/sentiment", "first", query={"days": "30"})
        tour.ask(f"GET /{path}/{{name}}/sentiment", "none", expect=404)
        tour.ask(f"GET /{path}/{{name}}/sentiment", "first", query={"days": "0"}, expect=400)


def letting_go(tour: Tour) -> None:
    """Each kind's definition, those that others refer to last."""
    tour.ask("DELETE /score-models/{name}", "first", expect=409)
    tour.ask("DELETE /score-models/{name}", "total")
    for path in (
        "forums",
        "margin-tables",
        "pitches",
        "strategies",
        "trigger-tables",
        "fit-models",
        "score-models",
        "stages",
        "segments",
    ):
        tour.ask(f"DELETE /{path}/{{name}}", "first")
        tour.ask(f"DELETE /{path}/{{name}}", "first", expect=404)
