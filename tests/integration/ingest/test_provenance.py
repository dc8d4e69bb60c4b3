"""One person out of the silos: where each attribute came from, how it is known, and which of two values stands."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from tests.integration.ingest.conftest import World
from tests.integration.ingest.importing import Importer, open_importer
from tests.integration.ingest.test_doors import basic, bus_body


@pytest.fixture
def importer(world: World, monkeypatch: pytest.MonkeyPatch) -> Importer:
    return open_importer(world, monkeypatch)


def take_in(world: World) -> None:
    assert world.consume() == set()
    world.publish()


CONTACT = {
    "id": 7,
    "customer_number": "c-1",
    "email": "ann@example.com",
    "first_name": "Ann",
    "modified_at": "2026-01-01T10:00:00Z",
}
ORDER = {
    "order_number": 12,
    "status": "placed",
    "customer_number": "c-1",
    "ordered_at": "2026-01-02T10:00:00Z",
    "net_amount": 12.5,
    "currency": "EUR",
    "contact_email": "office@example.com",
    "lines": [{"item_number": "lamp", "quantity": 1, "unit_price": 12.5}],
}
VISIT = {
    "userId": "c-1",
    "anonymousId": "a-1",
    "messageId": "web-1",
    "timestamp": "2026-01-03T10:00:00Z",
    "traits": {"interest": "lamps"},
}
ROW = "user_id,last_name,country,updated_at\nc-1,Jansen,NL,2026-01-04T10:00:00Z\n"
LOYALTY = {
    "type": "identify",
    "userId": "c-1",
    "timestamp": "2026-01-05T10:00:00Z",
    "traits": {"tier": "gold"},
}


@pytest.mark.capability("000-2")
@pytest.mark.parametrize("backwards", [False, True])
def test_what_five_silos_know_is_one_profile_and_each_attribute_says_whose_it_is(
    importer: Importer, world: World, backwards: bool
) -> None:
    """CRM contact, ERP order, web, a file of contacts, and a bus event: in either order of arrival."""
    crm = {"kind": "crm", "mapping": "crm-contact", "bus_sources": ["acme.crm"]}
    world.sources("PUT", "/sources/acme-crm", crm)
    world.sources(
        "PUT", "/sources/acme-erp", {"kind": "erp", "mapping": "erp-order", "bus_sources": ["acme.erp"]}
    )
    shop = world.sources("PUT", "/sources/shop", {"kind": "browser"})[1]
    world.sources("PUT", "/sources/fair", {"kind": "import"})
    arrivals = [
        lambda: world.enqueue(bus_body(CONTACT, "acme.crm", envelope_id="e-1")),
        lambda: world.enqueue(bus_body(ORDER, "acme.erp", envelope_id="e-2")),
        lambda: world.post("/v1/identify", VISIT, basic(shop["write_key"])),
        lambda: importer.run(ROW, source="fair"),
        lambda: world.enqueue(bus_body(LOYALTY, "acme.loyalty", envelope_id="e-3")),
    ]

    for arrive in reversed(arrivals) if backwards else arrivals:
        arrive()
        take_in(world)

    (person,) = world.profiles()
    known = person["domains"]["marketing"]
    assert {
        name: (one["value"], one["source"], one["at"][:10], one["kind"]) for name, one in known.items()
    } == {
        "email": ("ann@example.com", "acme-crm", "2026-01-01", "declared"),
        "firstName": ("Ann", "acme-crm", "2026-01-01", "declared"),
        "interest": ("lamps", "shop", "2026-01-03", "declared"),
        "lastName": ("Jansen", "fair", "2026-01-04", "imported"),
        "country": ("NL", "fair", "2026-01-04", "imported"),
        "tier": ("gold", "acme.loyalty", "2026-01-05", "declared"),
    }
    email = person["domains"]["order"]["email"]
    assert (email["value"], email["source"], email["at"][:10]) == (
        "office@example.com",
        "acme-erp",
        "2026-01-02",
    )
    (order,) = person["records"]["order"]["latest"]
    assert (order["id"], order["source"], order["first_at"][:10]) == ("12", "acme-erp", "2026-01-02")


KINDS = ("declared", "observed", "imported", "derived")
"""Strongest first; each stands for a source of its own, and the weaker ones speak later."""


def identify(kind: str, day: int, plan: Any) -> dict[str, Any]:
    said = {"userId": "u-1", "timestamp": f"2026-01-{day:02}T00:00:00Z", "traits": {"plan": plan}}
    return {"type": "identify", "messageId": f"{kind}-{day}", **said}


@pytest.mark.capability("000-7")
def test_a_declared_value_stands_whatever_a_model_computes_later(world: World) -> None:
    """Through the doors, in every order of arrival of the four kinds; the view says how each value is known."""
    kinds = {"declared": "server", "observed": "device", "imported": "partner", "derived": "model"}
    keys = {
        kind: world.sources("PUT", f"/sources/{kind}", {"kind": source})[1]["secret_key"]
        for kind, source in kinds.items()
    }
    for number, order in enumerate(permutations(KINDS)):
        for kind in order:
            call = identify(kind, KINDS.index(kind) + 1, f"{kind}'s")
            call |= {"userId": f"u-{number}", "messageId": f"{kind}-{number}"}
            assert world.post("/v1/identify", call, basic(keys[kind]))[0] == 200
            take_in(world)
            seen = order[: order.index(kind) + 1]
            best = min(seen, key=KINDS.index)
            plan = world.admin("GET", f"/profiles/u-{number}")[1]["domains"]["marketing"]["plan"]
            assert (plan["value"], plan["kind"], plan["source"]) == (f"{best}'s", best, best)


@pytest.mark.capability("000-7")
def test_what_the_person_says_later_replaces_what_was_said_before_and_a_removal_stands(world: World) -> None:
    model = world.sources("PUT", "/sources/model", {"kind": "model"})[1]["secret_key"]
    own = world.sources("PUT", "/sources/account", {"kind": "server"})[1]["secret_key"]
    for key, call in (
        (own, identify("declared", 1, "basic")),
        (model, identify("derived", 2, "premium")),
        (own, identify("declared", 3, "family")),
        (own, identify("declared", 2, "late news")),
    ):
        assert world.post("/v1/identify", call, basic(key))[0] == 200
        take_in(world)
    assert world.admin("GET", "/profiles/u-1")[1]["traits"] == {"plan": "family"}

    world.post("/v1/identify", identify("declared", 4, None), basic(own))
    world.post("/v1/identify", identify("derived", 5, "premium"), basic(model))
    take_in(world)

    assert world.admin("GET", "/profiles/u-1")[1]["traits"] == {}
    assert json.dumps(world.publish()) == "[]"
