"""Firms, whose people all hear what is said of them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contracts.openapi.operations import BODY, Operation, does
from tests.contracts.openapi.shapes import ANYTHING, INSTANT, NUMBER, TEXT, Schema, obj, ref

STRUCTURE = ("too_deep", "400 too_many_keys", "bad_number", "bad_text")
ATTRIBUTES: Schema = {**ANYTHING, "minProperties": 1, "not": {"required": ["groupId"]}}

OPERATIONS: Mapping[str, Operation] = {
    "GET /firms/{firm_id}": does("What is known of a firm", ref("Firm"), "not_found"),
    "PUT /firms/{firm_id}": does(
        "Say something of a firm; what else is known of it stays, and all its people hear of it",
        ref("Firm"),
        *("bad_firm", "conflict", *STRUCTURE, *BODY),
        takes=obj({"attributes": ATTRIBUTES}),
    ),
}
SCHEMAS: Mapping[str, Schema] = {
    "Firm": obj(
        {
            "firm_id": TEXT,
            "version": NUMBER,
            "told_at": INSTANT,
            "attributes": ANYTHING,
            "members": NUMBER,
        },
        description="`version` grows when an attribute has another value; `members` is their number.",
    ),
}
