"""Permissions that no page of ours gives or takes: imports with and without evidence, sales, and time."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from botocore.client import BaseClient

from services.consent.adapters.ledger_table import LedgerTable
from services.consent.domain.ledger import shard_of
from services.consent.handlers import lapses
from services.shared.clock import to_iso
from tests.integration.consent.conftest import START, TEXT, World
from tests.integration.consent.test_preferences import link, open_page, send, tick

LONG_AGO = "2025-06-01T10:00:00Z"
EVIDENCE = {
    "text_version": "2026-1",
    "language": "en",
    "at": LONG_AGO,
    "means": "paper form in the shop",
    "document": "archive/2025/box-7/form-118.pdf",
}
SOFT = {
    "kind": "soft_opt_in",
    "sources": ["webshop"],
    "categories": ["shoes"],
    "within_days": 90,
    "valid_for": "P12M",
}


@pytest.fixture(autouse=True)
def one_call_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB's conditions are atomic; those of the in-process stand-in are only so without threads."""
    lock, plain = threading.RLock(), BaseClient._make_api_call

    def locked(self: Any, operation: str, parameters: Any) -> Any:
        with lock:
            return plain(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", locked)


def row(address: str = "ann@example.com", **changed: Any) -> dict[str, Any]:
    told = {"purpose": "newsletter", "channel": "email", "address": address, **EVIDENCE, **changed}
    return {name: value for name, value in told.items() if value is not None}


def bring(world: World, *rows: dict[str, Any], dry_run: bool = False) -> Any:
    status, body = world.json("POST /consents/imports", {"dry_run": dry_run, "rows": list(rows)})
    assert status == 200, body
    return body


def state_of(world: World, address: str = "ann@example.com") -> str | None:
    states = world.look(address)["states"]
    return states[0]["state"] if states else None


def entries(world: World) -> list[Any]:
    return [item for item in world.items("ledger") if str(item["sk"]).isdigit()]


def give_basis(world: World, **basis: Any) -> None:
    texts = [{"version": "2026-1", "language": "en", "text": TEXT}]
    purpose = {"title": "News", "channels": ["email", "sms"], "texts": texts, "bases": {"email": basis}}
    assert world.json("PUT /purposes/newsletter", purpose)[0] == 200


# Imports


def test_an_import_with_evidence_grants_and_the_proof_shows_it(world: World) -> None:
    assert bring(world, row())["counts"] == {"granted": 1}

    _, proof = world.json(f"GET /consents/{world.key()}/proof")
    (entry,) = proof["entries"]
    assert (entry["kind"], entry["means"], entry["text"], entry["intact"]) == (
        "granted",
        "import",
        TEXT,
        True,
    )
    evidence = entry["evidence"]
    assert evidence["document"] == "archive/2025/box-7/form-118.pdf"
    assert evidence["given_at"] == "2025-06-01T10:00:00.000Z"
    assert evidence["reason"] == "paper form in the shop"
    assert "box-7" not in json.dumps(entries(world), default=str)
    (fact,) = world.pump()
    assert fact["changes"][0]["basis"] == "double_opt_in"


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"at": None}, ["at"]),
        ({"means": None}, ["means"]),
        ({"document": None}, ["document"]),
        ({"text_version": None}, ["text"]),
        ({"text_version": "1999"}, ["text"]),
        ({"language": None}, ["text"]),
        (
            {"at": None, "means": None, "document": None, "text_version": None},
            ["text", "at", "means", "document"],
        ),
    ],
)
def test_without_evidence_nothing_is_ever_granted(
    world: World, changed: dict[str, Any], fields: list[str]
) -> None:
    answer = bring(world, row(**changed))

    (listed,) = answer["listed"]
    assert (listed["outcome"], listed["asked"]) == ("not_granted", False)
    assert [error["field"] for error in listed["errors"]] == fields
    assert (entries(world), state_of(world)) == ([], None)
    kept = world.json(f"GET /consents/imports/{answer['import_id']}")[1]
    assert (kept["listed"], kept["counts"]) == ([listed], {"not_granted": 1})


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"address": "no address"}, "address"),
        ({"purpose": "none"}, "purpose"),
        ({"channel": "pigeon"}, "channel"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2025-06-01T10:00:00"}, "at"),
        ({"at": "1999-01-01T00:00:00Z"}, "at"),
        ({"at": "2099-01-01T00:00:00Z"}, "at"),
        ({"state": "maybe"}, "state"),
        ({"given": True}, "given"),
    ],
)
def test_a_wrong_row_is_told_by_field_and_keeps_no_other_back(
    world: World, changed: dict[str, Any], field: str
) -> None:
    answer = bring(world, row(**changed), row("bob@example.com"))

    assert answer["counts"] == {"invalid": 1, "granted": 1}
    (listed,) = answer["listed"]
    assert (listed["row"], [error["field"] for error in listed["errors"]]) == (1, [field])
    assert state_of(world, "bob@example.com") == "granted"


def test_an_import_that_is_as_wrong_as_it_can_be_is_told_and_kept(world: World) -> None:
    wrong = [{f"{n}-{'x' * 60}-{m}": m for m in range(25)} for n in range(500)]
    answer = bring(world, *wrong)

    assert answer["counts"] == {"invalid": 500}
    assert {len(listed["errors"]) for listed in answer["listed"]} == {4}
    kept = world.json(f"GET /consents/imports/{answer['import_id']}")[1]
    assert kept["listed"] == answer["listed"]
    (item,) = [item for item in world.items("evidence") if item["pk"].startswith("import#")]
    assert len(json.dumps(item, default=str)) < 400_000


def test_a_dry_run_says_the_same_and_writes_nothing(world: World) -> None:
    rows = [row(), row("bob@example.com", document=None), row("x"), row("eve@example.com", state="revoked")]
    before = [world.items(table) for table in ("ledger", "evidence", "purposes")]

    tried = bring(world, *rows, dry_run=True)

    assert [world.items(table) for table in ("ledger", "evidence", "purposes")] == before
    done = bring(world, *rows)
    assert {**tried, "dry_run": False} == done
    assert done["counts"] == {"granted": 1, "not_granted": 1, "invalid": 1, "revoked": 1}


def test_the_same_import_again_changes_nothing(world: World) -> None:
    rows = [row(f"p{n}@example.com") for n in range(20)] + [row("p3@example.com", state="revoked")]
    assert bring(world, *rows)["counts"] == {"granted": 20, "revoked": 1}
    before = entries(world)

    assert bring(world, *rows)["counts"] == {"repeated": 21}
    assert entries(world) == before
    assert state_of(world, "p3@example.com") == "revoked"


def test_a_failure_half_way_goes_on_when_it_is_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: what was written stays and is not written again, and the rest follows."""
    rows, plain, writes = [row(f"p{n}@example.com") for n in range(20)], LedgerTable.append, [0]

    def breaking(self: LedgerTable, step: Any) -> bool:
        writes[0] += 1
        if writes[0] > 9:
            raise RuntimeError("the function dies")
        return plain(self, step)

    with monkeypatch.context() as broken:
        broken.setattr(LedgerTable, "append", breaking)
        with pytest.raises(RuntimeError):
            bring(world, *rows)
    assert len(entries(world)) == 9

    assert bring(world, *rows)["counts"] == {"granted": 11, "repeated": 9}
    assert len(entries(world)) == 20
    shards = {shard_of(world.key(f"p{n}@example.com")) for n in range(20)}
    assert all(world.json(f"GET /ledger/shards/{shard}")[1]["intact"] for shard in shards)


def test_a_withdrawal_needs_no_evidence_and_no_import_undoes_one(world: World) -> None:
    bare = {"purpose": "newsletter", "channel": "email", "address": "ann@example.com", "state": "revoked"}
    assert bring(world, row(), bare)["counts"] == {"granted": 1, "revoked": 1}

    answer = bring(world, row(document="another paper"))

    assert answer["counts"] == {"not_granted": 1}
    assert answer["listed"][0]["errors"] == [{"field": "state", "message": "it was withdrawn here"}]
    assert state_of(world) == "revoked"


def test_the_text_itself_is_kept_as_proof_and_offered_to_nobody(world: World) -> None:
    own = row(text_version=None, language="nl", text="Ja, stuur mij de nieuwsbrief van de winkel.")
    assert bring(world, own, {**own, "address": "bob@example.com"})["counts"] == {"granted": 2}

    _, proof = world.json(f"GET /consents/{world.key()}/proof")
    assert (proof["entries"][0]["text"], proof["entries"][0]["intact"]) == (own["text"], True)
    _, listed = world.json("GET /purposes")
    brought = [text for text in listed["purposes"][0]["texts"] if text["version"].startswith("imported-")]
    assert [(text["language"], text["active"]) for text in brought] == [("nl", False)]


def test_what_was_permitted_long_ago_may_have_lapsed(world: World) -> None:
    give_basis(world, kind="double_opt_in", valid_for="P6M")
    answer = bring(world, row(), row("bob@example.com", at="2026-02-01T00:00:00Z"))

    assert answer["counts"] == {"not_granted": 1, "granted": 1}
    assert answer["listed"][0]["errors"][0]["field"] == "at"
    (state,) = world.look("bob@example.com")["states"]
    assert state["until"] == "2026-08-01T00:00:00.000Z"


def test_rows_may_come_a_line_each(world: World) -> None:
    def send(body: bytes, query: dict[str, str] | None = None) -> tuple[int, Any]:
        headers = {"content-type": "application/x-ndjson"}
        said = world.call("POST /consents/imports", query=query, body=body, headers=headers, marketer=True)
        return said["statusCode"], json.loads(said["body"])

    body = b"\n".join(json.dumps(row(a)).encode() for a in ("a@example.com", "b@example.com")) + b"\n\n"
    assert send(body, {"dry_run": "true"})[1]["counts"] == {"granted": 2}
    assert state_of(world, "a@example.com") is None
    assert send(body)[1]["counts"] == {"granted": 2}
    assert send(b"{}\nno json")[1]["message"] == "line 2 is not JSON"
    assert send(b"[1]")[1]["code"] == "invalid_json"
    assert send(b"{}\n" * 501)[0] == 413
    assert send(b"x" * 1_000_001)[0] == 413
    assert send(b"")[0] == 400
    assert send(body, {"dry_run": "perhaps"})[0] == 400
    assert world.json("GET /consents/imports/imp_none")[0] == 404


# Permissions that lapse


def test_a_permission_lapses_and_is_renewed_by_confirming_again(world: World) -> None:
    give_basis(world, kind="double_opt_in", valid_for="P24M")
    world.granted()
    (before,) = world.look()["states"]
    assert (before["state"], before["until"], before["commercial"]) == (
        "granted",
        "2028-03-01T12:00:00.000Z",
        True,
    )

    world.clock.advance(timedelta(days=731))
    (lapsed,) = world.look()["states"]
    assert (lapsed["state"], lapsed["commercial"], lapsed["why"]) == ("expired", False, "expired")
    assert world.json(f"GET /consents/{world.key()}/proof")[1]["states_follow"] is True

    world.granted()
    (renewed,) = world.look()["states"]
    assert (renewed["state"], renewed["until"]) == ("granted", "2030-03-01T12:00:00.000Z")


def test_the_preference_centre_shows_what_lapsed_as_open_and_what_is_a_contract_not_at_all(
    world: World,
) -> None:
    texts = [{"version": "2026-1", "language": "en", "text": TEXT}]
    bases = {"email": {"kind": "double_opt_in", "valid_for": "P6M"}, "sms": {"kind": "contract"}}
    purpose = {"title": "News", "channels": ["email", "sms"], "texts": texts, "bases": bases}
    linked = {**purpose, "preference_centre": "signed_link"}
    assert world.json("PUT /purposes/newsletter", linked)[0] == 200
    bring(world, row(at=to_iso(START - timedelta(days=1))))
    page = open_page(world, link(world))["body"]
    assert "newsletter:email:1" in page
    assert "newsletter:sms" not in page

    world.clock.advance(timedelta(days=200))
    assert "newsletter:email:0" in open_page(world, link(world))["body"]
    assert send(world, link(world), **tick(world))["statusCode"] == 200

    (state,) = world.look()["states"]
    assert (state["state"], state["until"]) == ("granted", "2027-03-17T12:00:00.000Z")
    asked = {"purpose": "newsletter", "channel": "sms", "address": "+31612345678"}
    assert world.ask(**asked)["statusCode"] == 400


def lapse(world: World) -> list[dict[str, Any]]:
    """Run the schedule; what it told the others."""
    lapses.handler({}, None)
    return [change for fact in world.pump() for change in fact["changes"]]


def test_the_others_are_told_of_a_lapse_once_and_that_nobody_withdrew_it(world: World) -> None:
    give_basis(world, kind="double_opt_in", valid_for="P6M")
    for name in ("ann", "bob"):
        world.granted(f"{name}@example.com")
        world.clock.advance(timedelta(days=10))
    world.pump()
    assert lapse(world) == []

    world.clock.advance(timedelta(days=170))
    (told,) = lapse(world)
    assert (told["address_key"], told["state"]) == (world.key(), "denied")
    assert (state_of(world), state_of(world, "bob@example.com")) == ("expired", "granted")
    assert lapse(world) == []
    world.clock.advance(timedelta(days=10))
    assert [change["address_key"] for change in lapse(world)] == [world.key("bob@example.com")]

    _, proof = world.json(f"GET /consents/{world.key()}/proof")
    assert [(e["kind"], e["means"]) for e in proof["entries"]][-1] == ("expired", "time")
    assert (proof["states_follow"], proof["entries"][-1]["intact"]) == (True, True)
    world.granted()
    assert state_of(world) == "granted"


def test_what_was_renewed_or_withdrawn_has_not_lapsed(world: World) -> None:
    give_basis(world, kind="double_opt_in", valid_for="P6M")
    world.granted("ann@example.com")
    world.granted("bob@example.com")
    world.clock.advance(timedelta(days=100))
    world.granted("ann@example.com")
    bare = {"purpose": "newsletter", "channel": "email", "address": "bob@example.com", "state": "revoked"}
    bring(world, bare)
    world.clock.advance(timedelta(days=100))
    world.pump()

    assert lapse(world) == []
    assert (state_of(world), state_of(world, "bob@example.com")) == ("granted", "revoked")


def test_a_run_that_breaks_off_is_made_good_by_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: between any two entries; each lapse is told once in the end."""
    give_basis(world, kind="double_opt_in", valid_for="P1M")
    bring(world, *[row(f"p{n}@example.com", at=to_iso(START - timedelta(days=1))) for n in range(9)])
    world.clock.advance(timedelta(days=40))
    world.pump()
    plain, writes = LedgerTable.append, [0]

    def breaking(self: LedgerTable, step: Any) -> bool:
        writes[0] += 1
        if writes[0] > 4:
            raise RuntimeError("the function dies")
        return plain(self, step)

    with monkeypatch.context() as broken:
        broken.setattr(LedgerTable, "append", breaking)
        with pytest.raises(RuntimeError):
            lapses.handler({}, None)
    told = [*lapse(world), *lapse(world)]

    assert sorted(change["address_key"] for change in told) == sorted(
        world.key(f"p{n}@example.com") for n in range(9)
    )


# Sales


def sell(world: World, address: str = "ann@example.com", **changed: Any) -> Any:
    sale = {
        "order_id": "W-1001",
        "source": "webshop",
        "at": to_iso(START - timedelta(days=1)),
        "categories": ["shoes"],
        "objection_offered": "checkout@4",
        **changed,
    }
    body = {"purpose": "newsletter", "channel": "email", "address": address, "text_version": "2026-1"}
    status, answer = world.json("POST /consents/soft-opt-ins", {**body, "language": "en", "sale": sale})
    assert status == 200, answer
    return answer


def test_a_sale_grants_a_soft_opt_in_once(world: World) -> None:
    give_basis(world, **SOFT)
    assert [sell(world)["outcome"] for _ in range(2)] == ["granted", "repeated"]

    (state,) = world.look()["states"]
    assert (state["state"], state["basis"], state["why"]) == (
        "granted",
        "soft_opt_in",
        "granted by soft_opt_in",
    )
    assert state["until"] == "2027-02-28T12:00:00.000Z"
    _, proof = world.json(f"GET /consents/{world.key()}/proof")
    assert proof["entries"][0]["form"] == "checkout@4"
    assert proof["entries"][0]["evidence"]["document"] == "order W-1001 at webshop"
    assert "W-1001" not in json.dumps(entries(world), default=str)  # hashes have digits of any kind


def test_a_later_sale_renews_it_and_an_earlier_one_does_not(world: World) -> None:
    give_basis(world, **SOFT)
    sell(world)
    assert sell(world, order_id="999", at=to_iso(START - timedelta(days=30)))["outcome"] == "unchanged"
    assert sell(world, order_id="1002", at=to_iso(START))["outcome"] == "granted"
    assert world.look()["states"][0]["until"] == "2027-03-01T12:00:00.000Z"


@pytest.mark.parametrize(
    ("changed", "unmet"),
    [
        ({"source": "a-partner"}, ["source"]),
        ({"categories": ["insurance"]}, ["categories"]),
        ({"at": to_iso(START - timedelta(days=91))}, ["within_days"]),
        ({"objection_offered": ""}, ["objection_offered"]),
    ],
)
def test_a_sale_that_does_not_meet_every_condition_grants_nothing(
    world: World, changed: dict[str, Any], unmet: list[str]
) -> None:
    give_basis(world, **SOFT)
    answer = sell(world, **changed)
    assert (answer["outcome"], answer["unmet"]) == ("not_granted", unmet)
    assert entries(world) == []


def test_who_objects_at_a_sale_is_never_written_to_for_a_later_one(world: World) -> None:
    give_basis(world, **SOFT)
    assert sell(world, objected=True, source="a-partner")["outcome"] == "revoked"
    answer = sell(world, order_id="1002")
    assert (answer["outcome"], answer["unmet"]) == ("not_granted", ["withdrawn"])


def test_a_sale_grants_nothing_where_the_purpose_rests_on_double_opt_in(world: World) -> None:
    body = {"purpose": "newsletter", "channel": "email", "address": "a@example.com", "language": "en"}
    sale = {"order_id": "1", "source": "webshop", "at": LONG_AGO, "categories": ["shoes"]}
    status, answer = world.json(
        "POST /consents/soft-opt-ins", {**body, "text_version": "2026-1", "sale": sale}
    )
    assert (status, answer["code"]) == (400, "not_soft_opt_in")


def test_a_sale_takes_the_place_of_no_stronger_permission(world: World) -> None:
    give_basis(world, **{**SOFT, "valid_for": None})
    world.granted()
    assert sell(world)["outcome"] == "unchanged"
    assert world.look()["states"][0]["basis"] == "double_opt_in"
