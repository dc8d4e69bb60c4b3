"""Only registered attributes reach a profile, where the policy says so: through the real doors and consumer."""

from __future__ import annotations

from typing import Any

import pytest

from services.ingest.domain.touches import NAMES
from services.ingest.doors import attributes as doors
from services.shared.clock import to_iso
from tests.integration.ingest.conftest import NOW, SECRET_KEY, World
from tests.integration.ingest.importing import Importer, open_importer
from tests.integration.ingest.test_doors import basic, bus_body
from tests.integration.ingest.test_rebuild import differences, keeper

__all__ = ["keeper"]


BUILT_IN = sorted(("email", "hygiene", "loyaltyPoints", "loyaltyTier", "phone", *NAMES))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doors look at the registry each time."""
    monkeypatch.setattr(doors, "KNOWN_SECONDS", 0)


def register(world: World, policy: str, **attributes: dict[str, Any]) -> None:
    assert world.attributes("PUT", "/attributes", {"policy": policy})[0] == 200
    for name, document in attributes.items():
        status, answer = world.attributes("PUT", f"/attributes/{name}", {"purpose": "A test.", **document})
        assert status == 200, answer


def identify(number: int, **traits: Any) -> dict[str, Any]:
    at = NOW.replace(minute=number)
    said = {"userId": "u-1", "messageId": f"m-{number}", "timestamp": to_iso(at)}
    return {"type": "identify", **said, "traits": traits}


def send(world: World, number: int, **traits: Any) -> tuple[int, dict[str, Any]]:
    answer = world.post("/v1/identify", identify(number, **traits), basic(SECRET_KEY))
    assert world.consume() == set()
    world.publish()
    return answer


def traits(world: World) -> dict[str, Any]:
    return dict(world.admin("GET", "/profiles/u-1")[1]["traits"])


def test_without_a_policy_everything_is_taken(world: World) -> None:
    send(world, 1, email="ann@example.com", shoeSize=41)
    assert traits(world) == {"email": "ann@example.com", "shoeSize": 41}
    shown = world.attributes("GET", "/attributes")[1]
    assert (shown["policy"], [a["name"] for a in shown["attributes"]], shown["withheld"]) == (
        "open",
        BUILT_IN,
        [],
    )


@pytest.mark.capability("000-5")
def test_what_is_not_registered_is_quarantined_until_it_is(world: World) -> None:
    """The event lands, its unknown trait does not: not in the profile, its history, nor what others are told."""
    register(world, "quarantine", firstName={"type": "string"})

    assert send(world, 1, email="ann@example.com", firstName="Ann", shoeSize=41, iban="NL00")[0] == 200

    assert traits(world) == {"email": "ann@example.com", "firstName": "Ann"}
    (event,) = world.admin("GET", "/profiles/u-1/timeline")[1]["events"]
    assert event["traits"] == {"email": "ann@example.com", "firstName": "Ann"}
    (line,) = world.lake()
    assert (line["disposition"], line["note"]) == ("applied", "attributes_withheld:iban|shoeSize")
    withheld = world.attributes("GET", "/attributes")[1]["withheld"]
    assert [(one["name"], one["events"]) for one in withheld] == [("iban", 1), ("shoeSize", 1)]

    register(world, "quarantine", shoeSize={"type": "integer", "kinds": ["declared"]})
    send(world, 2, shoeSize=42)

    assert traits(world) == {"email": "ann@example.com", "firstName": "Ann", "shoeSize": 42}
    shown = world.attributes("GET", "/attributes")[1]
    assert [one["name"] for one in shown["withheld"]] == ["iban"]
    assert {one["name"]: one["purpose"] for one in shown["attributes"]}["shoeSize"] == "A test."


@pytest.mark.capability("000-5")
def test_what_is_not_registered_is_refused_by_name(importer: Importer, world: World) -> None:
    """At the HTTP door and in an import's report at once; from the bus into the lake, with the reason."""
    register(world, "reject", firstName={})

    batch = {"batch": [identify(1, firstName="Ann"), identify(2, shoeSize=41)]}
    status, answer = world.post("/v1/batch", batch, basic(SECRET_KEY))
    assert (status, [(r["index"], r["code"]) for r in answer["rejected"]]) == (
        200,
        [(1, "attribute_unknown")],
    )
    assert answer["rejected"][0]["message"] == "shoeSize is no registered attribute"
    job = importer.run("user_id,first_name,last_name\nu-1,Ann,\nu-2,Bob,Jansen\n")
    assert [(f["row"], f["code"]) for f in job["failures"]] == [(2, "attribute_unknown")]
    world.enqueue(bus_body(identify(3, iban="NL00"), "acme.shop"))
    assert world.consume() == set()

    assert traits(world) == {"firstName": "Ann"}
    assert [line["reason"] for line in world.lake() if line["disposition"] == "rejected"] == [
        "attribute_unknown"
    ]


def test_a_rebuild_withholds_what_was_withheld_whatever_is_registered_by_then(
    world: World, keeper: Any
) -> None:
    """I6."""
    register(world, "quarantine")
    send(world, 1, email="ann@example.com", shoeSize=41)
    register(world, "open", shoeSize={})
    send(world, 2, city="Delft")

    assert traits(world) == {"email": "ann@example.com", "city": "Delft"}
    assert differences(keeper) == (2, 1, [])


def test_counting_goes_on_when_an_event_comes_again(world: World) -> None:
    """F1: the profile is the same; the count of what was withheld is about right, never short."""
    register(world, "quarantine")
    world.post("/v1/identify", identify(1, shoeSize=41), basic(SECRET_KEY))
    records = world.take()
    for _ in range(3):
        assert world.consume(records) == set()
    assert traits(world) == {}
    (withheld,) = world.attributes("GET", "/attributes")[1]["withheld"]
    assert withheld["events"] >= 1


def test_names_beyond_measure_hold_nothing_up(world: World) -> None:
    """Longer than a key of the table may be, many at once, and none at all; the event lands all the same."""
    register(world, "quarantine")
    odd = {"x" * 5_000: 1, "\u20ac" * 3_000: 1, "": 1, "a,b|c": 1}
    send(world, 1, email="ann@example.com", **odd)
    withheld = world.attributes("GET", "/attributes")[1]["withheld"]
    assert max(len(one["name"]) for one in withheld) == 100
    send(world, 2, **{f"n{n}": n for n in range(100)})
    assert traits(world) == {"email": "ann@example.com"}
    assert len(withheld) < len(world.attributes("GET", "/attributes")[1]["withheld"]) <= 50 + len(odd)


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("PUT", "/attributes", {"policy": "closed"}, "invalid"),
        ("PUT", "/attributes", {}, "invalid"),
        ("PUT", "/attributes/plan", {}, "invalid"),
        ("PUT", "/attributes/plan", {"purpose": ""}, "invalid"),
        ("PUT", "/attributes/plan", {"purpose": "x", "type": "date"}, "invalid"),
        ("PUT", "/attributes/plan", {"purpose": "x", "owner": "me"}, "invalid"),
        ("PUT", f"/attributes/{'x' * 101}", {"purpose": "x"}, "bad_attribute"),
        ("DELETE", "/attributes/none", None, "unknown_attribute"),
        ("DELETE", "/attributes/email", None, "unknown_attribute"),
    ],
)
def test_what_cannot_be_registered(world: World, method: str, path: str, body: Any, code: str) -> None:
    assert world.attributes(method, path, body)[1]["code"] == code
    assert [a["name"] for a in world.attributes("GET", "/attributes")[1]["attributes"]] == BUILT_IN


def test_an_attribute_s_life(world: World) -> None:
    register(world, "quarantine", plan={"type": "string"})
    send(world, 1, plan="basic")
    assert world.attributes("DELETE", "/attributes/plan") == (200, {"name": "plan", "removed": True})
    send(world, 2, plan="family")
    assert traits(world) == {"plan": "basic"}


@pytest.fixture
def importer(world: World, monkeypatch: pytest.MonkeyPatch) -> Importer:
    return open_importer(world, monkeypatch)
