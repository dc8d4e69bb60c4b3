"""One person in journeys' tables: described, exported, erased."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import boto3

from services.journeys.handlers import person
from services.shared.contracts.ingest import Erasure, Merge, ProfilesErased, ProfilesMerged
from tests.integration.journeys.world import NOON, Context, World, entered, iso, rows_of
from tests.unit.journeys.documents import seed

DAY = timedelta(days=1)


def ask(question: str, *profile_ids: str) -> dict[str, Any]:
    return person.handler({"ask": question, "profile_ids": list(profile_ids), "at": iso(NOON)}, Context())


def standings() -> dict[str, dict[str, Any]]:
    rows = boto3.resource("dynamodb").Table("standings").scan()["Items"]
    return {str(row["profile_id"]): row for row in rows}


def merged(loser: str, winner: str) -> ProfilesMerged:
    return ProfilesMerged(merges=[Merge(loser=loser, winner=winner, at=NOON)])


def test_described_is_where_a_person_is_under_every_id(world: World) -> None:
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_b", "prf_other"))
    world.facts(merged("prf_b", "prf_a"))

    (walk,) = ask("describe", "prf_a", "prf_b")["stores"]["journeys"]

    assert (walk["journey"], walk["status"], walk["node"]) == ("welcome", "active", "wait_1_day")
    assert ask("describe", "prf_nobody") == {"service": "journeys", "stores": {}, "more": False}


def test_exported_is_every_walk_and_the_copy_of_scoring_s_view_and_of_nobody_else(world: World) -> None:
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_b", "prf_other", orders=3))
    world.facts(merged("prf_b", "prf_a"), entered("first_order", "prf_a", orders=4))

    answer = ask("export", "prf_a", "prf_b")

    reasons = [walk["reason"] for walk in answer["stores"]["journeys"]]
    assert sorted(reasons) == ["", "merged"]
    assert [s["facts"] for s in answer["stores"]["standings"]] == [{"orders": 4}]
    assert "prf_other" not in json.dumps(answer)


def test_an_erased_person_s_walks_end_and_are_gone_for_good(world: World) -> None:
    """F25, F1: erased twice, told again late; executions go on without, neighbours stay."""
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_1", "prf_b", "prf_other"))
    world.facts(merged("prf_b", "prf_1"))
    world.published()

    assert ask("erase", "prf_1", "prf_b")["stores"] == {"journeys": 2}
    assert ask("erase", "prf_1", "prf_b")["stores"] == {"journeys": 0}
    world.facts(entered("first_order", "prf_1", version=9))
    world.facts(entered("first_order", "prf_b", version=9), merged("prf_b", "prf_1"))
    entries = world.published()
    world.run_until(NOON + 40 * DAY)

    assert [(r["profile_id"], r["reason"]) for r in rows_of(entries, "JourneyExited.v1")] == [
        ("prf_1", "erased")
    ]
    requests = rows_of(world.published(), "MessageRequested.v1")
    assert {r["profile_id"] for r in requests} == {"prf_other"}
    assert not [pk for pk, sk in world.items() if pk in ("P#prf_1", "P#prf_b")]
    for profile_id in ("prf_1", "prf_b"):
        assert standings()[profile_id].keys() == {"profile_id", "gone_into", "gone_at", "expires_at"}
    assert "standing" in standings()["prf_other"]


def test_a_profile_erased_while_it_enters_leaves_no_walk_behind(world: World, monkeypatch: Any) -> None:
    """F5: the erasure is told to everybody, and acted on again minutes later."""
    from services.journeys.service.join import Joining

    world.publish(seed("welcome"))
    enter = Joining.enter

    def overtaken(self: Joining, definition: object, entrants: object) -> int:
        ask("erase", "prf_1")
        return enter(self, definition, entrants)  # type: ignore[arg-type]

    monkeypatch.setattr(Joining, "enter", overtaken)
    world.facts(entered("first_order", "prf_1"))
    erasure = Erasure(erasure_id="ers_1", profile_ids=["prf_0", "prf_1"], at=NOON)
    assert world.facts(ProfilesErased(erasures=[erasure])) == []

    assert ask("export", "prf_1")["stores"] == {"journeys": [], "standings": []}


def test_pages_of_cohorts_and_inputs_of_executions_hold_opaque_ids_only(world: World) -> None:
    """I7: nothing of a person is where it can't be erased, whatever journeys is told of people."""
    world.publish(seed("welcome"))
    world.facts(entered("first_order", "prf_1", orders=1, note="canary-5d2e"))
    world.facts(merged("prf_1", "prf_2"))
    world.run_until(NOON + 40 * DAY)

    pages = [row for (_, sk), row in world.items().items() if sk.startswith("P#")]
    assert pages
    for page in pages:
        assert page.keys() <= {"pk", "sk", "profiles", "expires_at", "aboard"}
        assert all(profile_id.startswith("prf_") for profile_id in page["profiles"])
    for data in world.started().values():
        place = {"cohort", "journey", "version", "node", "over", "cursor", "due", "since", "wait_seconds"}
        assert data.keys() == place
    assert "canary-5d2e" not in repr(world.items()) + json.dumps(world.started())
