"""Changed e-mail addresses, and account recovery: the real handlers on moto."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.consent.addresses import masked
from services.consent.handlers import on_profiles_changed, on_recovery_requested
from services.shared.clock import to_iso
from tests.integration.consent.conftest import CONTEXT, World

OLD, NEW = "ann@example.com", "ann@example.org"


def deliver(handler: Any, detail_type: str, detail: dict[str, Any], event_id: str = "evt") -> None:
    source = "shop" if handler is on_recovery_requested else "halte.ingest"
    body = {"id": event_id, "source": source, "detail-type": detail_type, "detail": detail}
    answer = handler.handler({"Records": [{"messageId": "1", "body": json.dumps(body)}]}, CONTEXT)
    assert answer == {"batchItemFailures": []}


def change(
    world: World, version: int, email: str, name: str = "Email Changed", **rest: Any
) -> dict[str, Any]:
    kind = "identify" if name == "identify" else "track"
    at = to_iso(world.clock.now())
    return {
        "profile_id": "prf_1",
        "version": version,
        "at": at,
        "events": [{"message_id": f"m{version}", "type": kind, "name": name, "at": at, "properties": {}}],
        "traits": {"email": email},
        "traits_version": version,
        **rest,
    }


def tell(world: World, *changes: dict[str, Any]) -> None:
    deliver(on_profiles_changed, "ProfilesChanged.v1", {"changes": list(changes)})


def notices(world: World) -> list[dict[str, Any]]:
    return [
        m
        for fact in world.published
        for m in fact.get("requests", [])
        if m["template"] != "confirm_subscription"
    ]


def kinds(world: World, address: str) -> list[str]:
    return [f"{entry['purpose']} {entry['kind']}" for entry in world.look(address)["history"]]


def grant(world: World, *purposes: str) -> None:
    for purpose in purposes:
        world.define(purpose)
        world.ask(OLD, purpose=purpose)
        assert world.confirm(world.mailed_token())["statusCode"] == 200


def test_a_new_address_is_asked_for_what_the_old_one_granted(world: World) -> None:
    grant(world, "newsletter", "offers")
    world.define("unasked")
    tell(world, change(world, 1, OLD, "identify"))
    assert kinds(world, NEW) == []

    world.clock.advance(timedelta(days=1))
    tell(world, change(world, 2, NEW))
    assert kinds(world, NEW) == ["newsletter requested", "offers requested"]
    assert world.look(NEW)["states"] == []
    assert kinds(world, OLD) == [
        f"{p} {k}" for p in ("newsletter", "offers") for k in ("requested", "granted")
    ]
    assert {state["state"] for state in world.look(OLD)["states"]} == {"granted"}

    (notice,) = notices(world)
    assert (notice["template"], notice["address"]) == ("email_changed", OLD)
    assert notice["params"] == {"new_address": "a***@example.org"}

    mail = world.mail()
    assert mail["address"] == NEW
    assert world.confirm(world.mailed_token())["statusCode"] == 200
    assert [state["state"] for state in world.look(NEW)["states"]] == ["granted"]
    _, proof = world.json(f"GET /consents/{world.key(NEW)}/proof")
    asked = proof["entries"][0]
    assert (asked["form"], asked["means"], asked["evidence"]["reason"]) == ("email-change",) * 1 + (
        "email_change",
        "email-change",
    )
    assert asked["evidence"]["profile_ref"] == "prf_1"
    assert all(entry["intact"] for entry in proof["entries"])


def test_repetition_and_overtaking_ask_once(world: World) -> None:
    """F2, F6: the fact comes twice, and an older one after it."""
    grant(world, "newsletter")
    first, second, third = (
        change(world, 1, OLD, "identify"),
        change(world, 2, "mid@example.org"),
        change(world, 3, NEW),
    )
    tell(world, first)
    for one in (third, third, second, first, third):
        tell(world, one)
    assert kinds(world, NEW) == ["newsletter requested"]
    assert kinds(world, "mid@example.org") == []
    assert len(notices(world)) == 1


def test_a_crash_between_the_steps_repeats_without_doubling(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: everything is written but the note that it was; the send id and the request id keep it one."""
    from services.consent.adapters.address_items import AddressItems

    grant(world, "newsletter")
    tell(world, change(world, 1, OLD, "identify"))
    moved = change(world, 2, NEW)
    with monkeypatch.context() as broken:
        broken.setattr(AddressItems, "hold", _fail)
        body = json.dumps(
            {
                "id": "e",
                "source": "halte.ingest",
                "detail-type": "ProfilesChanged.v1",
                "detail": {"changes": [moved]},
            }
        )
        failed = on_profiles_changed.handler({"Records": [{"messageId": "1", "body": body}]}, CONTEXT)
        assert failed["batchItemFailures"]
    world.clock.advance(timedelta(minutes=6))
    tell(world, moved)
    assert kinds(world, NEW) == ["newsletter requested"]
    assert len({notice["send_id"] for notice in notices(world)}) == 1


def _fail(*_: Any) -> None:
    raise OSError("crash")


def test_an_answer_that_was_given_is_not_asked_for_again(world: World) -> None:
    grant(world, "newsletter", "offers")
    world.ask(NEW)
    assert world.confirm(world.mailed_token())["statusCode"] == 200
    revocation = {"channel": "email", "address": NEW, "purpose": "offers", "reason": "called"}
    assert world.json("POST /consents/revocations", revocation)[0] == 200
    before = kinds(world, NEW)
    tell(world, change(world, 1, OLD, "identify"), change(world, 2, NEW))
    assert kinds(world, NEW) == before


@pytest.mark.parametrize(
    "later",
    [
        {"name": "Order Completed"},
        {"email": "ANN@EXAMPLE.COM"},
        {"told_before": True},
        {"since": 2},
    ],
)
def test_what_is_no_change_of_address_asks_nobody(world: World, later: dict[str, Any]) -> None:
    """Other events; the same mailbox in capitals; histories told again after a merge or an un-merge."""
    grant(world, "newsletter")
    tell(world, change(world, 1, OLD, "identify"))
    tell(world, change(world, 2, **{"email": NEW, **later}))
    assert kinds(world, NEW) == []
    assert notices(world) == []


def test_all_permissions_of_one_change_count_as_one_request(world: World) -> None:
    """An address may be asked three times a day; somebody with five newsletters is asked for each."""
    for i in range(5):
        grant(world, f"purpose{i}")
        world.clock.advance(timedelta(days=1))
    tell(world, change(world, 1, OLD, "identify"), change(world, 2, NEW))
    assert len(kinds(world, NEW)) == 5


def test_an_address_that_many_move_to_is_not_flooded(world: World) -> None:
    for i in range(5):
        old = f"person{i}@example.com"
        world.granted(old)
        tell(world, change(world, 1, old, "identify", profile_id=f"prf_{i}"))
        world.clock.advance(timedelta(minutes=1))
        tell(world, change(world, 2, NEW, profile_id=f"prf_{i}"))
    assert kinds(world, NEW) == ["newsletter requested"] * 3


def test_a_retired_text_is_replaced_by_the_current_one(world: World) -> None:
    grant(world, "newsletter")
    texts = [{"version": "2026-2", "language": "en", "text": "We may send you our new newsletter."}]
    document = {"title": "Newsletter", "channels": ["email"], "texts": texts}
    assert world.json("PUT /purposes/newsletter", document)[0] == 200
    tell(world, change(world, 1, OLD, "identify"), change(world, 2, NEW))
    (entry,) = world.look(NEW)["history"]
    assert entry["text_version"] == "2026-2"


def test_an_erased_person_s_address_is_forgotten_and_stays_so(world: World) -> None:
    """F25: a late change of an erased profile does not bring the address back."""
    tell(world, change(world, 1, OLD, "identify"))
    erasure = {"erasure_id": "ers_1", "profile_ids": ["prf_1"], "at": to_iso(world.clock.now())}
    deliver(on_profiles_changed, "ProfilesErased.v1", {"erasures": [erasure]})
    tell(world, change(world, 2, NEW))
    assert "example" not in repr(
        [item for item in world.items("evidence") if item["pk"].startswith("profile#")]
    )
    assert notices(world) == []


def test_an_address_is_masked() -> None:
    assert masked("ann@example.com") == "a***@example.com"


# Recovery


def recover(world: World, message_id: str = "r1", event_id: str = "e1", **changed: Any) -> None:
    properties = {"email": OLD, "recovery_url": "https://shop.example.com/recover?t=1", **changed}
    detail = {
        "type": "track",
        "event": "Account Recovery Requested",
        "userId": "u1",
        "messageId": message_id,
        "timestamp": to_iso(world.clock.now()),
        "properties": properties,
    }
    deliver(on_recovery_requested, "Segment Message", detail, event_id)


def test_a_recovery_is_one_service_message_however_often_it_comes(world: World) -> None:
    recover(world)
    recover(world, event_id="e2")
    assert len({notice["send_id"] for notice in notices(world)}) == 1
    (notice, _) = notices(world)
    assert (notice["template"], notice["address"]) == ("account_recovery", OLD)
    assert notice["params"] == {"recovery_url": "https://shop.example.com/recover?t=1"}


def test_recoveries_are_few_per_address_and_hour(world: World) -> None:
    for i in range(9):
        recover(world, message_id=f"r{i}")
    assert len(notices(world)) == 5
    recover(world, message_id="bob", email="bob@example.com")
    assert len(notices(world)) == 6
    world.clock.advance(timedelta(hours=1))
    recover(world, message_id="later")
    assert len(notices(world)) == 7


@pytest.mark.parametrize(
    "changed",
    [
        {"recovery_url": "http://shop.example.com/"},
        {"recovery_url": "javascript:alert(1)"},
        {"recovery_url": "https://shop.example.com/ x"},
        {"recovery_url": None},
        {"email": "nobody"},
        {"email": None},
    ],
)
def test_a_recovery_that_can_not_be_is_let_go(world: World, changed: dict[str, Any]) -> None:
    recover(world, **changed)
    assert notices(world) == []


def test_an_old_recovery_is_not_sent_late(world: World) -> None:
    detail = {
        "type": "track",
        "event": "Account Recovery Requested",
        "messageId": "r1",
        "timestamp": to_iso(world.clock.now() - timedelta(hours=2)),
        "properties": {"email": OLD, "recovery_url": "https://shop.example.com/"},
    }
    deliver(on_recovery_requested, "Segment Message", detail)
    assert notices(world) == []


def told(world: World, **changed: Any) -> None:
    request = {
        "source": "shop",
        "message_id": "r1",
        "at": to_iso(world.clock.now()),
        "email": OLD,
        "recovery_url": "https://shop.example.com/recover?t=1",
        **changed,
    }
    body = {"id": "e", "source": "halte.ingest", "detail-type": "RecoveryRequested.v1"}
    records = [{"messageId": "1", "body": json.dumps({**body, "detail": {"requests": [request]}})}]
    assert on_recovery_requested.handler({"Records": records}, CONTEXT) == {"batchItemFailures": []}


def test_a_recovery_by_the_http_door_is_the_same_one_message(world: World) -> None:
    told(world)
    told(world)
    assert len({notice["send_id"] for notice in notices(world)}) == 1
    assert notices(world)[0]["address"] == OLD
    for i in range(9):
        told(world, message_id=f"n{i}")
    assert len(notices(world)) == 5


@pytest.mark.parametrize(
    "changed",
    [{"recovery_url": "http://shop.example.com/"}, {"email": "nobody"}, {"at": "1997-01-01T00:00:00Z"}],
)
def test_nor_does_the_http_door_bring_what_can_not_be(world: World, changed: dict[str, Any]) -> None:
    told(world, **changed)
    assert notices(world) == []
