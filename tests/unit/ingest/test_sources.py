"""The registry of client systems: declarations, keys that are told once and rotated with overlap, schemas, dry runs."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.ingest.domain.sources import Schema, check, hash_key
from services.ingest.domain.validate import validate
from services.ingest.doors.known import KnownKeys
from services.ingest.doors.sources import MAX_KEYS, SourceRegistry
from services.shared.clock import FixedClock
from services.shared.errors import Conflict, HalteError, Invalid, NotFound, Unauthorized
from tests.unit.ingest.fakes import NOW, FakeSources, identify, track


class Fixture:
    def __init__(self) -> None:
        self.clock = FixedClock(NOW)
        self.sources = FakeSources()
        numbers = itertools.count(1)
        self.registry = SourceRegistry(
            sources=self.sources, clock=self.clock, new_key=lambda prefix: f"{prefix}_{next(numbers)}"
        )

    def opens(self, key: str) -> bool:
        """Does a process that knows nothing yet let the key in?"""
        try:
            KnownKeys(self.sources, self.clock).admit(key)
        except Unauthorized:
            return False
        return True


def test_keys_are_told_once_and_kept_as_hashes() -> None:
    f = Fixture()
    created, told = f.registry.put("shop", {"name": "Shop", "kind": "browser"})
    assert created
    assert (told["write_key"], told["secret_key"], told["kind"]) == ("wk_1", "sk_2", "browser")
    again, shown = f.registry.put("shop", {"name": "Web shop", "kind": "browser"})
    assert not again
    assert shown["name"] == "Web shop"
    for answer in (shown, f.registry.get("shop")):
        assert "wk_1" not in str(answer)
        assert "sk_2" not in str(answer)
        assert hash_key("wk_1") not in str(answer)
        assert [key["role"] for key in answer["keys"]] == ["write", "secret"]
    assert "wk_1" not in str(f.sources.stored)
    assert f.opens("wk_1")
    assert f.opens("sk_2")


def test_old_keys_work_until_the_overlap_ends_and_the_new_ones_at_once() -> None:
    f = Fixture()
    f.registry.put("shop", {})
    told = f.registry.rotate("shop", {"overlap_hours": 2})
    assert (told["write_key"], told["secret_key"]) == ("wk_3", "sk_4")
    assert told["old_keys_valid_until"] == "2026-01-10T14:00:00.000Z"
    f.clock.advance(timedelta(hours=2, milliseconds=-1))
    assert [f.opens(key) for key in ("wk_1", "sk_2", "wk_3", "sk_4")] == [True] * 4
    f.clock.advance(timedelta(milliseconds=1))
    assert [f.opens(key) for key in ("wk_1", "sk_2", "wk_3", "sk_4")] == [False, False, True, True]


def test_a_process_that_knows_a_key_still_sees_it_expire() -> None:
    f = Fixture()
    f.registry.put("shop", {})
    f.registry.rotate("shop", {"overlap_hours": 1})
    keys = KnownKeys(f.sources, f.clock, elapsed=lambda: 0.0)
    keys.admit("wk_1")
    f.clock.advance(timedelta(hours=1))
    with pytest.raises(Unauthorized, match="expired_write_key"):
        keys.admit("wk_1")


def test_one_role_rotates_alone_and_a_second_rotation_never_lengthens_a_life() -> None:
    f = Fixture()
    f.registry.put("shop", {})
    told = f.registry.rotate("shop", {"keys": ["secret"], "overlap_hours": 1})
    assert "write_key" not in told
    f.registry.rotate("shop", {"keys": ["secret"], "overlap_hours": 48})
    f.clock.advance(timedelta(hours=1))
    assert [f.opens(key) for key in ("wk_1", "sk_2", "sk_3", "sk_4")] == [True, False, True, True]
    f.registry.rotate("shop", {"keys": ["secret"], "overlap_hours": 0})
    assert [f.opens(key) for key in ("wk_1", "sk_3", "sk_4", "sk_5")] == [True, False, False, True]


@pytest.mark.parametrize(
    "body",
    [
        {"overlap_hours": -1},
        {"overlap_hours": 721},
        {"overlap_hours": "2"},
        {"overlap_hours": True},
        {"keys": []},
        {"keys": ["admin"]},
        {"keys": ["write", "write"]},
        {"keys": "write"},
    ],
)
def test_rotation_is_asked_for_properly(body: Any) -> None:
    f = Fixture()
    f.registry.put("shop", {})
    with pytest.raises(Invalid):
        f.registry.rotate("shop", body)
    assert f.opens("wk_1")


def test_keys_do_not_pile_up() -> None:
    f = Fixture()
    f.registry.put("shop", {})
    for _ in range(MAX_KEYS // 2 - 1):
        f.registry.rotate("shop", {"overlap_hours": 24})
    with pytest.raises(Conflict, match="too_many_keys"):
        f.registry.rotate("shop", {"overlap_hours": 24})
    f.clock.advance(timedelta(days=1))
    f.registry.rotate("shop", {})
    assert len(f.registry.get("shop")["keys"]) == 4


def test_a_removed_source_opens_nothing() -> None:
    f = Fixture()
    f.registry.put("shop", {})
    f.registry.put("app", {"kind": "mobile"})
    f.registry.remove("shop")
    assert not f.opens("wk_1")
    assert f.registry.all() == [{"id": "app", "name": "app", "kind": "mobile"}]
    for act in (f.registry.get, f.registry.remove, lambda s: f.registry.rotate(s, {})):
        with pytest.raises(NotFound):
            act("shop")


@pytest.mark.parametrize("source_id", ["Shop", "", "halte.x", "-shop", "s" * 64, "shöp", "a b", "a\n"])
def test_source_is_named_properly(source_id: str) -> None:
    with pytest.raises(HalteError, match="bad_source_id"):
        Fixture().registry.put(source_id, {"name": "x"})


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": 7},
        {"name": "x" * 201},
        {"kind": "carrier pigeon"},
        {"rate": 0},
        {"rate": "many"},
        {"region": "Belgium"},
        {"region": "be"},
        {"region": "XX"},
        {"bus_sources": ["halte.ingest"]},
        {"bus_sources": ["aws.s3"]},
        {"bus_sources": ["with space"]},
        {"bus_sources": "acme"},
        {"schema": {"events": "all"}},
        {"schema": {"shapes": {"E": {"properties": {"a": {"type": "text"}}}}}},
        {"schema": {"on_violation": "ignore"}},
        {"mapping": {"rules": []}},
        {"secret_key": "mine"},
    ],
)
def test_a_malformed_declaration_is_refused(body: Any) -> None:
    f = Fixture()
    with pytest.raises(ValidationError):
        f.registry.put("shop", body)
    assert f.registry.all() == []


@pytest.mark.parametrize("name", ["nothing", "../mappings/erp-order", "ERP-ORDER", "", "__init__"])
def test_a_mapping_that_does_not_ship_is_unknown(name: str) -> None:
    with pytest.raises(Invalid, match="unknown_mapping"):
        Fixture().registry.put("shop", {"mapping": name})


SCHEMA = {
    "events": ["Order Completed", "Product Viewed", "identify"],
    "shapes": {
        "Order Completed": {
            "properties": {
                "revenue": {"type": "number", "required": True},
                "items": {"type": "integer"},
                "products": {"type": "array"},
                "coupon": {"type": "string"},
                "gift": {"type": "boolean"},
                "address": {"type": "object"},
            }
        },
        "identify": {"properties": {"email": {"type": "string"}}, "additional": False},
    },
}


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (track(), ""),
        (track(properties={"revenue": 1, "items": 2.0, "products": [], "coupon": "", "gift": True}), ""),
        (track(properties={"revenue": 1, "coupon": None, "anything": {}}), ""),
        (track(event="Product Viewed", properties={"revenue": "free"}), ""),
        (identify(traits={"email": "a@example.com"}), ""),
        (track(event="Order Refunded"), "not_in_schema"),
        (track(event="order completed"), "not_in_schema"),
        ({"type": "page", "userId": "u", "name": "Order Completed"}, "not_in_schema"),
        (track(properties={}), "property_missing"),
        (track(properties={"revenue": None}), "property_missing"),
        (track(properties={"revenue": "12"}), "property_type"),
        (track(properties={"revenue": True}), "property_type"),
        (track(properties={"revenue": 1, "items": 1.5}), "property_type"),
        (track(properties={"revenue": 1, "products": {}}), "property_type"),
        (track(properties={"revenue": 1, "coupon": 7}), "property_type"),
        (track(properties={"revenue": 1, "gift": 1}), "property_type"),
        (track(properties={"revenue": 1, "address": []}), "property_type"),
        (identify(traits={"income": 7}), "property_unknown"),
        (identify(context={"traits": {"income": 7}}), "property_unknown"),
    ],
)
def test_schema(event: Any, code: str) -> None:
    call = validate(event, received_at=NOW, message_id="m")
    if not code:
        check(Schema.model_validate(SCHEMA), call)
        return
    with pytest.raises(Invalid) as refusal:
        check(Schema.model_validate(SCHEMA), call)
    assert refusal.value.code == code


def test_without_a_schema_everything_goes() -> None:
    check(Schema(), validate(track(event="Anything"), received_at=NOW, message_id="m"))


MAPPING = {
    "rules": [
        {
            "name": "bought",
            "type": "track",
            "event": {"value": "Order Completed"},
            "userId": "customer",
            "properties": {"revenue": {"path": "amount", "as": "number", "required": True}},
        }
    ]
}


def test_a_dry_run_shows_events_of_good_rows_and_names_what_is_wrong_with_bad_ones() -> None:
    f = Fixture()
    f.registry.put("erp", {"kind": "erp", "mapping": MAPPING, "schema": {"events": ["Order Completed"]}})
    before = dict(f.sources.stored)
    rows = [
        {"customer": "c-1", "amount": "12.50"},
        {"customer": "c-2", "amount": "a lot"},
        {"customer": "null", "amount": "1"},
        {"customer": "c-3"},
        "nonsense",
        {"customer": "c-4", "amount": "1"},
    ]
    answer = f.registry.dry_run("erp", {"rows": rows})
    assert (answer["rows"], answer["good"], answer["bad"]) == (6, 2, 4)
    assert answer["results"][0] == {
        "row": 0,
        "events": [
            {"type": "track", "event": "Order Completed", "userId": "c-1", "properties": {"revenue": 12.5}}
        ],
    }
    assert answer["results"][1]["error"] == {
        "code": "bad_value",
        "message": "bought: properties.revenue: not a number",
        "rule": "bought",
        "field": "properties.revenue",
    }
    assert [r["error"]["code"] for r in answer["results"] if "error" in r] == [
        "bad_value",
        "no_identity",
        "missing_value",
        "missing_value",
    ]
    assert f.sources.stored == before


def test_a_dry_run_tries_another_mapping_and_holds_rows_to_the_schema() -> None:
    f = Fixture()
    f.registry.put("erp", {"schema": {"events": ["Order Refunded"]}})
    with pytest.raises(Invalid, match="no_mapping"):
        f.registry.dry_run("erp", {"rows": []})
    answer = f.registry.dry_run("erp", {"mapping": MAPPING, "rows": [{"customer": "c", "amount": 1}]})
    assert answer["results"][0]["error"]["code"] == "not_in_schema"
    with pytest.raises(Invalid, match="bad_rows"):
        f.registry.dry_run("erp", {"mapping": "erp-order", "rows": {}})
    with pytest.raises(Invalid, match="unknown_mapping"):
        f.registry.dry_run("erp", {"mapping": "no-such", "rows": []})
    assert "mapping" not in f.registry.get("erp")
