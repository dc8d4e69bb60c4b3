"""What may be collected and what a campaign needs: the registry of one service binds the journeys of another."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.shared.clock import to_iso
from tests.support.road import Road
from tests.support.shop import SEEDS, identify, open_shop
from tests.support.templates import Templates

START = datetime(1997, 1, 1, 12, tzinfo=UTC)


def welcome(title: str) -> dict[str, Any]:
    return {**json.loads((SEEDS / "journeys" / "welcome.json").read_text()), "title": title}


@pytest.mark.capability("000-5")
def test_a_campaign_collects_only_what_its_brief_needs_and_gives_a_reason_for(templates: Templates) -> None:
    """The welcome needs a first name. Where only registered attributes are collected, it can't be published before
    somebody has said why, and profiles go without."""
    with Road(templates, START) as road:
        shop = open_shop(road)

        def ask(method: str, path: str, body: Any = None) -> Any:
            return road.http(method, path, body=body, admin=True)

        assert ask("PUT", "/attributes", {"policy": "quarantine"}).status == 200
        road.deliver()
        refused = ask("PUT", "/journeys/welcome", welcome("Welcome, first name"))
        assert (refused.status, refused.json()["code"]) == (400, "invalid_journey")
        assert "brief.needed_data.1: no attribute 'firstName' is registered" in refused.json()["message"]
        shop.batch([identify("ann", "ann@example.com", "Ann", to_iso(road.clock.now()))])
        road.deliver()
        assert ask("GET", "/profiles/ann").json()["traits"] == {"email": "ann@example.com"}

        purpose = "The welcome addresses people by it."
        assert ask("PUT", "/attributes/firstName", {"purpose": purpose, "type": "string"}).status == 200
        road.deliver()
        assert ask("PUT", "/journeys/welcome", welcome("Welcome, first name")).json()["version"] == 2
        assert [
            a["purpose"] for a in ask("GET", "/attributes").json()["attributes"] if a["name"] == "firstName"
        ]
        assert road.dead_letters() == []
