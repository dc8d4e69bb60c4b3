"""A segment that asks for permission, on the whole road: from the button in the mail to the withdrawal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.shared.clock import to_iso
from tests.support.processes import Process
from tests.support.road import Road
from tests.support.shop import Shop, identify, open_shop, publish
from tests.support.templates import Templates

START = datetime(1997, 1, 1, 12, tzinfo=UTC)
READERS = {"condition": {"consent": "newsletter", "channel": "email", "eq": "granted"}}


def members(shop: Shop) -> set[str]:
    shop.road.deliver()
    rows = shop.road.http("GET", "/segments/readers/members", admin=True).json()["members"]
    return {row["profile_id"] for row in rows}


def profile_of(shop: Shop, user: str) -> str:
    return str(shop.road.http("GET", f"/profiles/{user}", admin=True).json()["profile_id"])


def sign_up(shop: Shop, address: str) -> None:
    shop.sign_up(address)
    shop.road.deliver()
    assert shop.confirm(shop.road.outbox[-1]).status == 200


def identified(shop: Shop, user: str, address: str) -> None:
    shop.batch([identify(user, address, user.title(), to_iso(shop.road.clock.now()))])
    shop.road.deliver()


def test_who_permits_is_in_the_segment_until_they_withdraw(templates: Templates) -> None:
    """Ann gave her permission before anybody knew her, bob before anybody asked, cleo after; then ann withdraws."""
    with Road(templates, START) as road:
        shop = open_shop(road, kinds=("purposes", "templates"))
        sign_up(shop, "ann@example.com")
        identified(shop, "bob", "bob@example.com")
        sign_up(shop, "bob@example.com")
        publish(road, "segments", "readers", READERS)
        road.advance(timedelta(minutes=4), schedules_every=timedelta(minutes=1))
        # Four minutes passed in a moment, and definitions are kept for five real seconds: begin cold.
        road.processes = {arn: Process(one.function) for arn, one in road.processes.items()}
        identified(shop, "ann", "ann@example.com")
        identified(shop, "cleo", "cleo@example.com")
        assert members(shop) == {profile_of(shop, "ann"), profile_of(shop, "bob")}
        sign_up(shop, "cleo@example.com")
        everybody = {profile_of(shop, user) for user in ("ann", "bob", "cleo")}
        assert members(shop) == everybody

        revocation = {"purpose": "newsletter", "channel": "email", "address": "ann@example.com"}
        answer = road.http(
            "POST", "/consents/revocations", body={**revocation, "reason": "asked"}, admin=True
        )
        assert answer.status in (200, 201), answer.body
        assert members(shop) == everybody - {profile_of(shop, "ann")}
        assert road.dead_letters() == []
