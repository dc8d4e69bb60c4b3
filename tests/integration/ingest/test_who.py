"""Whom an identifier stands for, as other services ask."""

from __future__ import annotations

from services.ingest.handlers.who import handler
from services.shared.contracts.who import WhoQuestion
from tests.integration.ingest.conftest import World
from tests.integration.ingest.test_identity import event, profile, send


def who(identifier: str) -> str:
    answer: str = handler(WhoQuestion(identifier=identifier).model_dump(), None)["profile_id"]
    return answer


def test_an_identifier_stands_for_the_person_it_belongs_to_now(world: World) -> None:
    send(world, event(1, 1, "identify", userId="u-1", traits={"email": "Ann@example.com"}, anonymousId="a-1"))
    ann = profile(world, "u-1").profile_id

    assert [who(one) for one in ("u-1", "userId:u-1", "ann@example.com", "a-1", ann)] == [ann] * 5


def test_an_id_of_before_a_merge_stands_for_the_person_merged_into(world: World) -> None:
    send(world, event(1, 1, anonymousId="a-1"), event(2, 2, userId="u-1"))
    before = {profile(world, name).profile_id for name in ("a-1", "u-1")}
    send(world, event(3, 3, anonymousId="a-1", userId="u-1"))

    assert {who(one) for one in before} == {profile(world, "u-1").profile_id}


def test_nobody_is_nobody(world: World) -> None:
    assert who("nobody@example.com") == ""
    assert who("prf_nobody") == ""
