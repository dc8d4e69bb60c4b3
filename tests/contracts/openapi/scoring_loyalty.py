"""Loyalty points: the programme, one person's ledger, and what is done with points."""

from __future__ import annotations

from collections.abc import Mapping

from services.scoring.domain.loyalty.programme import Perk, Programme
from services.scoring.loyalty.desk import LONGEST_KEY, MOST_LINES, Adjustment, Burn
from tests.contracts.openapi.operations import ETAG, IF_MATCH, IF_NONE, MODEL, Operation, does
from tests.contracts.openapi.shapes import FLAG, INSTANT, TEXT, Schema, many, model, obj, or_null, ref

NUMBER: Schema = {"type": "integer"}
KEY = {"Idempotency-Key": f"1 to {LONGEST_KEY} characters: the same key does it once"}
PAGED: Mapping[str, Schema] = {
    "cursor": TEXT,
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_LINES, "default": 50},
}
_HEAD: Mapping[str, Schema] = {
    "profile_id": TEXT,
    "unit": TEXT,
    "balance": {"type": "integer", "minimum": 0},
    "tier": TEXT,
    "perks": many(ref("ShownPerk")),
}
_PERK = Perk.model_json_schema()["properties"]
_ACT: Mapping[str, Schema] = {
    "kind": {"enum": ["burn", "adjust"]},
    "points": NUMBER,
    "cause": TEXT,
    "message_id": TEXT,
    "at": INSTANT,
}
KINDS = ("earn", "refund", "burn", "adjust", "reward", "expire")

SCHEMAS: Mapping[str, Schema] = {
    **model("LoyaltyProgramme", Programme, where="where", expires="duration", period="duration"),
    **model("LoyaltyBurn", Burn),
    **model("LoyaltyAdjustment", Adjustment),
    "ShownPerk": obj(
        {
            "name": TEXT,
            "title": TEXT,
            "lever": {key: one for key, one in _PERK["lever"].items() if key != "title"},
            "open": FLAG,
            "tier": TEXT,
            "points": NUMBER,
        },
        "tier",
        "points",
    ),
    "LoyaltyLine": obj(
        {
            "at": INSTANT,
            "kind": {"enum": [*KINDS]},
            "points": NUMBER,
            "cause": TEXT,
            "message_id": TEXT,
            "owed": NUMBER,
            "expires_at": or_null(INSTANT),
        },
        description="All `points` add up to the balance, all `owed` to the debt.",
    ),
    "LoyaltyAccount": obj(
        {
            **_HEAD,
            "debt": {"type": "integer", "minimum": 0},
            "expires_at": or_null(INSTANT),
            "referral_code": or_null(TEXT),
            "entries": many(ref("LoyaltyLine")),
            "cursor": or_null(TEXT),
        }
    ),
    "LoyaltyAct": obj({**_HEAD, "entry": obj(_ACT)}),
}

_DOING = ("not_found", "bad_idempotency_key", "idempotency_conflict", "contended", "full", *MODEL)

OPERATIONS: Mapping[str, Operation] = {
    "GET /loyalty/programme": does("The loyalty programme", ref("LoyaltyProgramme"), "not_found", gives=ETAG),
    "PUT /loyalty/programme": does(
        "Publish a loyalty programme; it counts for events from its `from` on",
        ref("LoyaltyProgramme"),
        *("over", "too_many", "invalid_condition", "stale", "conflict", "bad_if_match", *MODEL),
        takes=ref("LoyaltyProgramme"),
        headers=IF_MATCH | IF_NONE,
        gives=ETAG,
    ),
    "GET /loyalty/{profile_id}": does(
        "A person's points, tier, perks and ledger, the newest lines first",
        ref("LoyaltyAccount"),
        *("not_found", "bad_limit", "bad_cursor"),
        query=PAGED,
    ),
    "POST /loyalty/{profile_id}/burn": does(
        "Spend points, or a perk's price in points",
        ref("LoyaltyAct"),
        *("insufficient_points", "unknown_perk", "tier_perk", *_DOING),
        takes=ref("LoyaltyBurn"),
        headers=KEY,
    ),
    "POST /loyalty/{profile_id}/adjust": does(
        "Give or take points by hand",
        ref("LoyaltyAct"),
        *("insufficient_points", *_DOING),
        takes=ref("LoyaltyAdjustment"),
        headers=KEY,
    ),
    "POST /loyalty/{profile_id}/referral-code": does(
        "The code by which a person recommends us, made when it is first asked for",
        obj({"profile_id": TEXT, "code": TEXT, "link": or_null(TEXT)}),
        *("not_found", "no_referral", "contended"),
    ),
}
