"""A firm is known by what any of its people, or a colleague of ours, says of it; and all of its people are judged by
that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.shared.clock import to_iso
from tests.support.road import Road
from tests.support.shop import Shop, identify, open_shop, publish
from tests.support.templates import Templates

START = datetime(1997, 1, 1, 12, tzinfo=UTC)
GROWING = {"relation": "group", "where": {"field": ["fields", "stage"], "eq": "growth"}}
FIT = {
    "of": "group",
    "rules": [{"when": {"field": ["fields", "employees"], "gte": 100}, "grade": "A"}],
    "default": "B",
}
LIFE = {
    "stages": ["start", "growth", "setback"],
    "transitions": [
        {
            "from": [a for a in ("start", "growth", "setback") if a != b],
            "to": b,
            "when": {"relation": "group", "where": {"field": ["fields", "stage"], "eq": b}},
        }
        for b in ("start", "growth", "setback")
    ],
}


def ask(road: Road, method: str, path: str, body: Any = None) -> Any:
    answer = road.http(method, path, body=body, admin=True)
    assert answer.status == 200, answer.body
    return answer.json()


def group(user: str, at: datetime, firm: str = "acme", **traits: Any) -> dict[str, Any]:
    return {
        "type": "group",
        "userId": user,
        "groupId": firm,
        "traits": traits,
        "messageId": f"{user}-{firm}-{to_iso(at)}",
        "timestamp": to_iso(at),
    }


def standing(road: Road, user: str) -> tuple[list[str], str, str]:
    """Segments, grade and stage."""
    profile_id = ask(road, "GET", f"/profiles/{user}")["profile_id"]
    found = ask(road, "GET", f"/profiles/{profile_id}/standing")
    return list(found["segments"]), found["fits"]["firm"], found["stages"]["firm"][""]


@pytest.mark.capability("001-5")
def test_every_member_follows_the_firm(templates: Templates) -> None:
    """F1: everything comes twice. F25: who is erased is no member any more."""
    with Road(templates, START, twice=True) as road:
        shop: Shop = open_shop(road, ())
        publish(road, "segments", "growing", {"condition": GROWING})
        publish(road, "fit-models", "firm", FIT)
        publish(road, "stages", "firm", LIFE)
        people = ("ann", "bob", "cor")
        shop.batch([identify(one, f"{one}@example.com", one, to_iso(START)) for one in people])
        shop.batch([group("ann", START, stage="start", employees=120), group("bob", START)])
        shop.batch([group("cor", START, "other", stage="start")])
        road.deliver()
        assert standing(road, "ann") == ([], "A", "start")
        assert standing(road, "bob") == ([], "A", "start"), "who only joins inherits what others said"
        assert standing(road, "cor") == ([], "B", "start")

        road.advance(timedelta(hours=1))
        shop.batch([group("bob", road.clock.now(), stage="growth")])
        road.deliver()
        assert standing(road, "ann") == standing(road, "bob") == (["growing"], "A", "growth")
        assert standing(road, "cor") == ([], "B", "start"), "another firm"

        shop.batch([{**group("ann", START + timedelta(minutes=1), stage="start"), "messageId": "late"}])
        road.deliver()
        assert standing(road, "bob") == (["growing"], "A", "growth"), "what comes late was overtaken"

        road.advance(timedelta(hours=1))
        told = ask(road, "PUT", "/firms/acme", {"attributes": {"stage": "setback", "employees": 40}})
        assert (told["members"], told["attributes"]) == (2, {"employees": 40, "stage": "setback"})
        road.deliver()
        assert standing(road, "ann") == standing(road, "bob") == ([], "B", "setback")

        ask_erasure = road.http("POST", "/profiles/ann/erasure", admin=True)
        assert ask_erasure.status == 202
        road.deliver()
        road.advance(timedelta(hours=2))
        road.deliver()
        assert ask(road, "GET", "/firms/acme")["members"] == 1
        before = ask(road, "PUT", "/firms/acme", {"attributes": {"stage": "growth"}})["version"]
        road.deliver()
        assert standing(road, "bob")[0] == ["growing"]
        assert ask(road, "PUT", "/firms/acme", {"attributes": {"stage": "growth"}})["version"] == before
        assert road.http("GET", "/profiles/ann", admin=True).status == 404
        assert road.http("GET", "/firms/nobody", admin=True).status == 404
        assert road.dead_letters() == []
