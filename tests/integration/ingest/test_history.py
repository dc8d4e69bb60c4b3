"""What ingest answers about the past is what it told, version by version, through merges and un-merges."""

from __future__ import annotations

from typing import Any

import pytest

from services.ingest.bootstrap import people as bootstrap
from services.ingest.people import retell
from services.shared.contracts.history import HistoryQuestion
from tests.integration.ingest.conftest import World
from tests.integration.ingest.test_identity import event, profile, send

Told = dict[int, list[str]]


def told(published: list[dict[str, Any]], profile_id: str) -> Told:
    """Version → message ids, as `ProfilesChanged` had them."""
    found: Told = {}
    for one in published:
        for change in one["detail"].get("changes", []):
            if change["profile_id"] == profile_id:
                ids = found.setdefault(change["version"], [])
                ids += [e["message_id"] for e in change["events"] if e["message_id"] not in ids]
    return {version: sorted(ids) for version, ids in found.items()}


def past(profile_id: str, after: int = 0) -> Told:
    from services.ingest.handlers.history import handler

    found: Told = {}
    more = True
    while more:
        answer = handler(HistoryQuestion(profiles={profile_id: after}).model_dump(), None)
        history = answer["histories"][profile_id]
        for one in history["told"]:
            found[one["version"]] = sorted(e["message_id"] for e in one["events"])
            after = one["version"]
        more = history["more"]
    return found


@pytest.mark.parametrize("most_bytes", [retell.MOST_BYTES, 1])
def test_the_past_is_what_was_told(world: World, monkeypatch: pytest.MonkeyPatch, most_bytes: int) -> None:
    """A visitor with a past logs in: the person's past holds the visits under the versions they were told again by.
    In one answer, or a version at a time."""
    monkeypatch.setattr(retell.Retelling.__init__, "__kwdefaults__", {"most_bytes": most_bytes})
    bootstrap.retelling.cache_clear()
    published = []
    for n in range(3):
        send(world, event(n, n, anonymousId="a-1"), event(10 + n, n, userId="u-1"))
        published += world.publish()
    send(world, event(20, 20, anonymousId="a-1", userId="u-1", traits={"email": "ann@example.com"}))
    published += world.publish()
    person = profile(world, "u-1").profile_id

    known = past(person)
    assert known == told(published, person)
    assert sorted(i for ids in known.values() for i in ids) == sorted(
        f"m{n}" for n in (0, 1, 2, 10, 11, 12, 20)
    )
    assert past(person, after=max(known)) == {}


def test_a_past_that_is_not_stored_yet_is_left_out(world: World) -> None:
    from services.ingest.handlers.history import handler

    send(world, event(1, 1, userId="u-1"))
    send(world, event(2, 1, userId="u-2"))
    ids = [profile(world, user).profile_id for user in ("u-1", "u-2")]
    question = HistoryQuestion(profiles=dict.fromkeys([*ids, "prf_nobody"], 0)).model_dump()
    assert handler(question, None)["histories"] == {"prf_nobody": {"told": [], "traits": {}, "more": False}}
    world.publish()
    assert set(handler(question, None)["histories"]) == {*ids, "prf_nobody"}
