"""Every kind of definition is created, changed, looked back at and let go by the same routes."""

from __future__ import annotations

from typing import Any

import pytest

from services.scoring.domain.definitions import KINDS
from services.scoring.domain.definitions.forums import Forum
from tests.integration.scoring.conftest import call, request

DOCUMENTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "segment": (
        {"condition": {"fact": "orders", "gte": 1}},
        {"condition": {"fact": "orders", "gte": 2}},
    ),
    "stage": (
        {
            "stages": ["a", "b"],
            "transitions": [{"from": ["a"], "to": "b", "when": {"fact": "orders", "gte": 1}}],
        },
        {
            "stages": ["a", "b"],
            "transitions": [{"from": ["a"], "to": "b", "when": {"fact": "orders", "gte": 2}}],
        },
    ),
    "fit-model": (
        {"rules": [{"when": {"trait": "country", "eq": "NL"}, "grade": "A"}], "default": "B"},
        {"rules": [{"when": {"trait": "country", "eq": "BE"}, "grade": "A"}], "default": "B"},
    ),
    "strategy": (
        {
            "score": "love",
            "fit": "near",
            "bands": [{"name": "all"}],
            "cells": [{"bands": ["all"], "grades": ["A", "B"], "strategy": "nurture", "owner": "marketing"}],
        },
        {
            "score": "love",
            "fit": "near",
            "bands": [{"name": "all"}],
            "cells": [{"bands": ["all"], "grades": ["A", "B"], "strategy": "call", "owner": "sales"}],
        },
    ),
    "margin-table": ({"margins": {"pen": 2}}, {"margins": {"pen": 3}}),
    "pitch": (
        {"margin": 20, "propensity": "likely", "purpose": "news"},
        {
            **{"margin": 20, "propensity": "likely", "purpose": "news", "channels": ["sms"]},
            "tones": {"warm": ["hello"], "plain": []},
            "everybody": {"hours": {"9": 3}, "tones": {"warm": {"answers": 1, "messages": 2}}},
        },
    ),
    "trigger-table": (
        {
            "score": "love",
            "positions": [{"name": "any"}],
            "triggers": [{"name": "asks", "event": "Asked"}],
            "reactions": [{"triggers": ["asks"], "positions": ["any"], "journey": "answer"}],
        },
        {
            "score": "love",
            "positions": [{"name": "any"}],
            "triggers": [{"name": "asks", "event": "Asked"}],
            "reactions": [{"triggers": ["asks"], "positions": ["any"]}],
        },
    ),
    "score-model": (
        {"rules": [{"event": "Order Completed", "points": 1}]},
        {"rules": [{"event": "Order Completed", "points": 2}]},
    ),
    "forum": (Forum.read("first", {}).document(), Forum.read("first", {"half_life_days": 7}).document()),
}


LOVE = {"/score-models/love": DOCUMENTS["score-model"][0]}
REFERRED: dict[str, dict[str, dict[str, Any]]] = {
    "trigger-table": LOVE,
    "strategy": {**LOVE, "/fit-models/near": DOCUMENTS["fit-model"][0]},
    "pitch": {"/score-models/likely": {"target": "answer", "intercept": 0, "features": []}},
}
"""What the document of a kind refers to."""


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_life_of_a_definition(kind: Any) -> None:
    for other_path, document in REFERRED.get(kind.name, {}).items():
        assert call("PUT", other_path, document)[0] == 200
    path = f"/{kind.path}/first"
    one, other = DOCUMENTS[kind.name]

    assert call("POST", f"{path}/validate", one)[0] == 200
    assert call("GET", path)[0] == 404
    made = request("PUT", path, one, if_none_match="*")
    assert (made["statusCode"], made["headers"]["ETag"]) == (200, '"1"')
    assert request("PUT", path, one)["headers"]["ETag"] == '"1"', "the same again is no new revision"
    assert call("PUT", path, other, if_none_match="*")[1]["code"] == "stale"
    assert call("PUT", path, other, if_match='"7"')[0] == 412
    assert request("PUT", path, other, if_match='"1"')["headers"]["ETag"] == '"2"'
    status, listed = call("GET", f"/{kind.path}")
    assert (status, [row["name"] for row in listed[kind.listed]]) == (200, ["first"])

    assert call("DELETE", path, if_match='"1"')[0] == 412
    assert call("DELETE", path)[0] == 200
    assert call("DELETE", path)[0] == 404
    assert request("PUT", path, one)["headers"]["ETag"] == '"4"', "a number never means two documents"
    status, first = call("GET", f"{path}/revisions?limit=3")
    rest = call("GET", f"{path}/revisions?limit=3&cursor={first['cursor']}")[1]
    rows = [*first["revisions"], *rest["revisions"]]
    assert [row["revision"] for row in rows] == [4, 3, 2, 1]
    assert rows[1]["document"] is None
    assert rows[2]["document"] == call("POST", f"{path}/validate", other)[1]


def test_what_others_refer_to_stays() -> None:
    call("PUT", "/score-models/love", DOCUMENTS["score-model"][0])
    call("PUT", "/segments/a", {"condition": {"score": "love", "gte": 1}})
    call("PUT", "/segments/b", {"condition": {"segment": "a"}})

    for path, user in (("/segments/a", "segment 'b'"), ("/score-models/love", "segment 'a'")):
        status, answer = call("DELETE", path)
        assert (status, answer["code"]) == (409, "in_use")
        assert user in answer["message"]


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/segments/a/revisions?limit=0", {}, "bad_limit"),
        ("/segments/a/revisions?limit=ten", {}, "bad_limit"),
        ("/segments/a/revisions?cursor=x", {}, "bad_cursor"),
        (f"/segments/a/revisions?cursor={10**10}", {}, "bad_cursor"),
    ],
)
def test_a_bad_question_is_named(path: str, headers: dict[str, str], code: str) -> None:
    status, answer = call("GET", path, **headers)
    assert (status, answer["code"]) == (400, code)


def test_a_tag_that_is_none_is_named() -> None:
    assert call("PUT", "/segments/a", DOCUMENTS["segment"][0], if_match="abc")[1]["code"] == "bad_if_match"
