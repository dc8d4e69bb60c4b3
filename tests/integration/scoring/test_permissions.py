"""Permissions are given by address; segments see those of the addresses a person has now, whatever came first."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from services.scoring.adapters.consents_table import ConsentsTable
from services.scoring.adapters.ingest_histories import IngestHistories
from services.scoring.domain.recalling import History
from services.shared.addresses import address_key
from services.shared.clock import FixedClock
from services.shared.contracts.consent import ConsentChange, ConsentChanged
from services.shared.contracts.ingest import Merge, ProfileChange
from tests.integration.scoring.conftest import (
    ADDRESS_SECRET,
    CONTEXT,
    Stream,
    ask,
    call,
    deliver,
    merged,
    message,
    moment,
    publish,
    record_of,
    sweep,
)
from tests.unit.scoring.builders import change, event, on

Published = list[tuple[str, dict[str, Any]]]
ANN, NEW = "ann@example.com", "ann@new.example"
WANTS_NEWS = {"consent": "newsletter", "channel": "email", "eq": "granted"}


def permission(
    state: str, sequence: int, *, address: str = ANN, channel: str = "email", at: str = "1997-02-01"
) -> ConsentChange:
    return ConsentChange(
        address_key=address_key(ADDRESS_SECRET, channel, address),
        purpose="newsletter",
        channel=channel,
        state=state,  # type: ignore[arg-type]
        entry_id=f"ent_{sequence}",
        text_version="1",
        sequence=sequence,
        at=on(at),
    )


def tell(*changes: ConsentChange, message_id: str = "c") -> list[str]:
    """What the reactor to permissions wants again."""
    return tell_records(record_of(message_id, ConsentChanged(changes=list(changes))))


def tell_records(*records: dict[str, Any]) -> list[str]:
    from services.scoring.handlers.on_consent_changed import handler

    answer = handler({"Records": list(records)}, CONTEXT)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def ann(version: int, address: str = ANN, at: str = "1997-02-01", profile_id: str = "prf_1") -> ProfileChange:
    return change(version, event("Home", at, "page"), at=at, profile_id=profile_id, email=address)


def define(condition: dict[str, Any], name: str = "wants_news", **more: Any) -> None:
    assert call("PUT", f"/segments/{name}", {"condition": condition, **more})[0] == 200


def segments(profile_id: str = "prf_1") -> list[str]:
    status, body = call("GET", f"/profiles/{profile_id}/standing")
    assert status == 200
    return sorted(body["segments"])


def moves(published: Published) -> list[tuple[str, str]]:
    return [(kind.split(".")[0], row["at"]) for kind, detail in published for row in detail.get("moves", [])]


def rows() -> set[tuple[str, str]]:
    items = boto3.client("dynamodb").scan(TableName="consents")["Items"]
    return {(item["address_key"]["S"], item["entry"]["S"]) for item in items}


def linked() -> set[str]:
    return {entry.removeprefix("profile/") for _, entry in rows() if entry.startswith("profile/")}


@pytest.fixture(autouse=True)
def wants_news(clock: FixedClock) -> None:
    define(WANTS_NEWS)
    moment(clock, "1997-03-01")


def test_a_withdrawn_permission_leaves_the_segment_at_once(
    clock: FixedClock, stream: Stream, published: Published
) -> None:
    """The move is dated as the person changed the permission, not as it was noticed."""
    assert deliver(message("a", ann(1))) == []
    assert segments() == []
    moment(clock, "1997-03-05")
    assert tell(permission("granted", 1, at="1997-03-02")) == []
    assert segments() == ["wants_news"]
    moment(clock, "1997-03-07")
    assert tell(permission("revoked", 2, at="1997-03-06")) == []
    assert segments() == []

    publish(stream())
    assert moves(published) == [
        ("SegmentEntered", "1997-03-02T12:00:00.000Z"),
        ("SegmentExited", "1997-03-06T12:00:00.000Z"),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_order_does_not_matter_and_each_counts_once(order: tuple[int, ...], clock: FixedClock) -> None:
    """F1, F2. Two permissions, and a profile that gets its address and then another, in every order, each twice."""
    steps: list[Callable[[], list[str]]] = [
        lambda: tell(permission("revoked", 1)),
        lambda: tell(permission("granted", 2, address=NEW)),
        lambda: deliver(message("a", ann(1))),
        lambda: deliver(message("b", ann(2, NEW, "1997-02-02"))),
    ]
    for step in order:
        assert (steps[step](), steps[step]()) == ([], [])

    assert segments() == ["wants_news"]
    assert ask("export", "prf_1")["stores"]["consents"] == {"newsletter": {"email": "granted"}}
    assert {entry for key, entry in rows() if key == permission("granted", 1).address_key} == {"permissions"}


@pytest.mark.parametrize("first", [1, 2])
def test_the_newest_permission_stands_whichever_comes_last(first: int) -> None:
    """F2, by the ledger's sequence."""
    assert deliver(message("a", ann(1))) == []
    both = {1: permission("granted", 1), 2: permission("revoked", 2)}
    assert tell(both[first]) == []
    assert tell(both[3 - first]) == []
    assert segments() == []


def test_a_permission_that_comes_while_an_address_is_linked_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F5, F11. It comes after permissions were read for a new address and before the standing with it is saved: nobody
    is linked yet, so its own reactor finds nobody to judge; the save is refused and reads again."""
    read = ConsentsTable.of
    came: list[list[str]] = []

    def read_then_told(self: ConsentsTable, keys: Any) -> Any:
        found = read(self, keys)
        if not came:
            came.append([])
            came[0] = tell(permission("granted", 1))
        return found

    monkeypatch.setattr(ConsentsTable, "of", read_then_told)
    assert deliver(message("a", ann(1))) == []

    assert came == [[]]
    assert segments() == ["wants_news"]


def test_a_crash_after_the_permission_was_kept_is_made_good_by_its_retry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F5."""
    assert deliver(message("a", ann(1))) == []
    with monkeypatch.context() as patch:
        patch.setattr(ConsentsTable, "profiles", lambda self, keys: 1 / 0)
        assert tell(permission("granted", 1)) == ["c"]
    assert segments() == []

    assert tell(permission("granted", 1)) == []
    assert segments() == ["wants_news"]


def test_a_message_that_can_not_be_read_leaves_its_neighbours_alone() -> None:
    """F3, F20."""
    assert deliver(message("a", ann(1))) == []
    good = record_of("good", ConsentChanged(changes=[permission("granted", 1)]))
    bad = {"messageId": "bad", "body": json.dumps({**json.loads(good["body"]), "detail": {"changes": [{}]}})}
    assert tell_records(bad, good) == ["bad"]
    assert segments() == ["wants_news"]


def test_two_people_with_one_mailbox_share_its_permissions_and_who_moves_away_does_not() -> None:
    assert deliver(message("a", ann(1), ann(1, profile_id="prf_2"))) == []
    assert tell(permission("granted", 1)) == []
    assert (segments(), segments("prf_2")) == (["wants_news"], ["wants_news"])

    assert deliver(message("b", ann(2, NEW, "1997-02-02", "prf_2"))) == []
    assert (segments(), segments("prf_2")) == (["wants_news"], [])
    assert tell(permission("revoked", 2)) == []
    assert tell(permission("granted", 1, address=NEW)) == []
    assert (segments(), segments("prf_2")) == ([], ["wants_news"])


def test_phones_and_what_is_no_address() -> None:
    define({"consent": "newsletter", "channel": "sms", "eq": "granted"}, "by_phone")
    define({"consent": "newsletter", "channel": "sms", "eq": "none"}, "not_by_phone")
    assert tell(permission("granted", 1, address="+31612345678", channel="sms")) == []
    people = [
        change(1, event("Home", "1997-02-01", "page"), phone="+31 6 1234 5678"),
        change(1, event("Home", "1997-02-01", "page"), phone="none of yours", profile_id="prf_2"),
        change(1, event("Home", "1997-02-01", "page"), phone=7, profile_id="prf_3"),
    ]
    assert deliver(message("a", *people)) == []
    assert segments() == ["by_phone"]
    assert segments("prf_2") == segments("prf_3") == ["not_by_phone"]


@pytest.mark.parametrize("silent", [False, True])
def test_a_definition_finds_permissions_that_were_given_before_anybody_asked(
    clock: FixedClock, stream: Stream, published: Published, monkeypatch: pytest.MonkeyPatch, silent: bool
) -> None:
    """Permissions are always kept; whose they are is learnt from the traits of people's past."""
    assert call("DELETE", "/segments/wants_news")[0] == 200
    moment(clock, "1997-03-02")
    assert tell(permission("granted", 1)) == []
    visit = event("Home", "1997-02-01", "page")
    assert deliver(message("a", change(1, visit, email=ANN), ann(1, NEW, profile_id="prf_2"))) == []
    assert linked() == set()
    traits = {"prf_1": {"email": ANN}, "prf_2": {"email": NEW}}
    monkeypatch.setattr(
        IngestHistories, "of", lambda self, ids: {p: History([(1, [visit])], traits[p]) for p in ids}
    )

    define(WANTS_NEWS, "readers", silent=silent)
    assert segments() == []
    moment(clock, "1997-03-03")
    sweep()

    assert (segments(), segments("prf_2")) == (["readers"], [])
    assert linked() == {"prf_1", "prf_2"}
    publish(stream())
    assert moves(published) == ([] if silent else [("SegmentEntered", "1997-03-03T12:00:00.000Z")])
    assert tell(permission("revoked", 2)) == []
    assert segments() == []


def test_what_no_definition_asks_for_any_more_is_let_go(clock: FixedClock) -> None:
    assert tell(permission("granted", 1)) == []
    assert deliver(message("a", ann(1))) == []
    assert linked() == {"prf_1"}

    assert call("DELETE", "/segments/wants_news")[0] == 200
    moment(clock, "1997-03-03")
    sweep()

    assert linked() == set()
    state = boto3.client("dynamodb").scan(TableName="standings")["Items"][0]["state"]["S"]
    assert "adr_" not in state
    assert "consents" not in state


def test_an_erased_person_is_linked_with_no_address_and_a_late_permission_finds_nobody() -> None:
    """F25. What was permitted at the address stays, under its keyed hash: an objection must hold."""
    assert deliver(message("a", ann(1))) == []
    assert tell(permission("granted", 1)) == []
    assert ask("erase", "prf_1")["stores"]["standings"] == 1

    assert {entry for _, entry in rows()} == {"permissions"}
    assert tell(permission("revoked", 2)) == []
    assert call("GET", "/profiles/prf_1/standing")[0] == 404


def test_a_merged_profile_lets_go_of_its_address_and_the_winner_has_it() -> None:
    assert deliver(message("a", ann(1), ann(1, profile_id="prf_2"))) == []
    assert deliver(merged("m", Merge(loser="prf_2", winner="prf_1", at=on("1997-02-02")))) == []
    assert linked() == {"prf_1"}
    assert tell(permission("granted", 1)) == []
    assert segments() == ["wants_news"]


def test_a_preview_sees_permissions_that_nobody_was_asked_about_yet(
    clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose they are is asked of the past, and nothing is written."""
    assert call("DELETE", "/segments/wants_news")[0] == 200
    moment(clock, "1997-03-02")
    assert tell(permission("granted", 1)) == []
    assert deliver(message("a", ann(1), ann(1, NEW, profile_id="prf_2"))) == []
    traits = {"prf_1": {"email": ANN}, "prf_2": {"email": NEW}}
    monkeypatch.setattr(IngestHistories, "of", lambda self, ids: {p: History([], traits[p]) for p in ids})

    status, found = call("POST", "/segments/readers/preview", {"condition": WANTS_NEWS})

    assert status == 200
    assert (found["count"], found["exact"], found["sample"]) == (1, True, ["prf_1"])
    assert linked() == set()
