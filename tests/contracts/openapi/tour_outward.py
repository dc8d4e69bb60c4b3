"""The tour through delivery and consent."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.contracts.openapi.tour import MAIL, Tour
from tests.support.accessible import Page
from tests.support.shop import SEEDS, header_of, link, send_id_of, telling, text_of, url_parts


def _seeds(kind: str) -> list[Path]:
    return sorted((SEEDS / kind).glob("*.json"))


def permissions(tour: Tour) -> None:
    """A purpose, and somebody who asks for it by a page of ours."""
    purpose = json.loads((SEEDS / "purposes" / "newsletter.json").read_text())
    tour.ask("PUT /purposes/{name}", "newsletter", body=purpose)
    changed = [{**text, "text": text["text"] + " And more."} for text in purpose["texts"]]
    tour.ask("PUT /purposes/{name}", "newsletter", body={**purpose, "texts": changed}, expect=409)
    tour.ask("PUT /purposes/{name}", "newsletter", body={}, expect=400)
    tour.ask("GET /purposes")
    brand = {
        "name": "Halte Bikes",
        "colours": {"accent": "#0b5394"},
        "texts": {"en": {"footer": "Halte Ltd"}},
    }
    tour.ask("GET /brand", expect=404)
    tour.ask("PUT /brand", body={**brand, "colours": {"accent": "#ffcc00"}}, expect=400)
    tour.ask("PUT /brand", body=brand)
    tour.ask("GET /brand")
    _elsewhere(tour, purpose)


def _elsewhere(tour: Tour, newsletter: dict[str, Any]) -> None:
    """Permissions that were given before, or by a sale."""
    ask = tour.ask
    basis = {
        "kind": "soft_opt_in",
        "sources": ["webshop"],
        "categories": ["shoes"],
        "within_days": 90,
        "valid_for": "P24M",
    }
    similar = {"title": "News of shoes", "channels": ["email"], "texts": newsletter["texts"]}
    ask("PUT /purposes/{name}", "similar", body={**similar, "bases": {"email": basis}})
    said = {
        "purpose": "similar",
        "channel": "email",
        "address": "cor@example.com",
        "text_version": "2026-1",
        "language": "en",
    }
    sale = {
        "order_id": "1001",
        "source": "webshop",
        "at": "2026-01-09T12:00:00Z",
        "categories": ["shoes"],
        "objection_offered": "checkout@4",
    }
    ask("POST /consents/soft-opt-ins", body={**said, "sale": sale})
    ask("POST /consents/soft-opt-ins", body={**said, "sale": {**sale, "source": "a-partner"}})
    ask("POST /consents/soft-opt-ins", body={**said, "purpose": "newsletter", "sale": sale}, expect=400)
    given = {"at": "2025-06-01T10:00:00Z", "means": "paper form", "document": "archive/2025/form-118.pdf"}
    rows = [
        {**said, "purpose": "newsletter", "address": "dan@example.com", **given},
        {**said, "purpose": "newsletter", "address": "eve@example.com"},
        {"purpose": "newsletter", "channel": "email", "address": "fay@example.com", "state": "revoked"},
    ]
    ask("POST /consents/imports", body={"dry_run": True, "rows": rows})
    made = ask("POST /consents/imports", body={"rows": rows}).json()
    ask("POST /consents/imports", body={"rows": []}, expect=400)
    ask("GET /consents/imports/{import_id}", made["import_id"])
    ask("GET /consents/imports/{import_id}", "none", expect=404)


def templates(tour: Tour) -> None:
    """What is sent."""
    ask = tour.ask
    for file in _seeds("templates"):
        ask("PUT /templates/{name}", file.stem, body=json.loads(file.read_text()))
    ask("PUT /templates/{name}", "wrong", body={}, expect=400)
    ask("GET /templates")
    ask("GET /service-kinds")
    ask("PUT /landing-pages", body={"pages": ["https://shop.example.com/sale/*"]})
    ask("PUT /landing-pages", body={"pages": ["no address"]}, expect=400)
    ask("GET /landing-pages")
    email = {"subject": "Your order", "text": "It is on its way. https://shop.example.com/sale/shoes"}
    ask("PUT /templates/{name}", "order", body={"class": "service", "channels": {"email": email}}, expect=400)
    _content(tour)


def _content(tour: Tour) -> None:
    """Versions, products, offers, previews and tests."""
    ask, offer = tour.ask, {"title": "A helmet", "currency": "EUR", "price": "49.95", "floor": "40"}
    ask("PUT /templates/{name}/active", "winback", body={"version": 1})
    ask("PUT /templates/{name}/active", "winback", body={"version": 9}, expect=404)
    ask("GET /templates/{name}/versions", "winback")
    ask("GET /templates/{name}/versions", "none", expect=404)
    ask("GET /templates/{name}/versions/{version}", "winback", "1")
    ask("GET /templates/{name}/versions/{version}", "winback", "9", expect=404)
    helmet = {
        "title": "Helmet",
        "url": "https://shop.example.com/helmet",
        "category": "gear",
        "price": "49.95",
    }
    ask("PUT /products/{product_id}", "helmet", body={**helmet, "currency": "EUR", "related": ["lamp"]})
    ask("PUT /products/{product_id}", "lamp", body={"title": ""}, expect=400)
    ask("GET /products/{product_id}", "helmet")
    ask("GET /products/{product_id}", "none", expect=404)
    gold = {"name": "gold", "when": {"traits.tier": ["gold"]}, "percent_off": 15}
    ask("PUT /offers/{name}", "helmets", body={**offer, "variants": [gold]})
    ask("PUT /offers/{name}", "helmets", body={**offer, "price": "39"}, expect=400)
    ask("GET /offers")
    ask("POST /templates/{name}/preview", "winback", body={})
    ask("POST /templates/{name}/preview", "none", body={}, expect=404)
    ask("POST /templates/{name}/preview", "winback", body={"channel": "fax"}, expect=400)
    ask("PUT /test-addresses", body={"addresses": ["me@example.com"]})
    ask("PUT /test-addresses", body={"addresses": ["nobody"]}, expect=400)
    ask("GET /test-addresses")
    ask("POST /templates/{name}/test", "winback", body={"address": "me@example.com"})
    ask("POST /templates/{name}/test", "winback", body={"address": "you@example.com"}, expect=400)


def pressure(tour: Tour) -> None:
    """How often, when and how fast."""
    ask = tour.ask
    ask("GET /pressure")
    nl = {"days": {"mon": "09:00-20:00"}, "closed_on_holidays": True}
    ask("PUT /pressure", body={"caps": [{"count": 3, "within": "P7D"}], "hours": {"countries": {"NL": nl}}})
    ask("PUT /pressure", body={"hours": {"countries": {"XX": nl}}}, expect=400)
    ask("PUT /pressure", body={"caps": [{"count": 3, "within": "P1D"}], "brake": None, "guard": None})
    ask("GET /pressure/pauses")
    ask("POST /pressure/pauses/{name}/resume", "guard:email", expect=404)
    ask("POST /pressure/restored")


def pages(tour: Tour) -> None:
    """What people do by themselves: confirm, change, unsubscribe."""
    ask, road = tour.ask, tour.road
    asked = {
        "purpose": "newsletter",
        "channel": "email",
        "address": "bob@example.com",
        "text_version": "2026-1",
        "language": "en",
        "form": "footer@3",
    }
    ask("POST /consents/requests", body=asked, expect=202)
    ask("POST /consents/requests", body={**asked, "purpose": "none"}, expect=400)
    ask("POST /consents/requests", form=asked, headers={"accept": "text/html"}, expect=202)
    road.deliver()
    asked_mail = next(sent for sent in road.outbox if "/consents/confirm" in text_of(sent))
    _follow(tour, "/consents/confirm", asked_mail)
    road.advance(timedelta(hours=2))
    newsletter = next(sent for sent in road.outbox if header_of(sent, "List-Unsubscribe-Post"))
    _, opened = url_parts(link(newsletter, "/preferences"))
    for method in ("HEAD", "GET"):
        ask(f"{method} /preferences/receipt", query=opened)
        ask(f"{method} /preferences/receipt", query={"token": "none"}, expect=400)
    _follow(tour, "/preferences", newsletter, email="ana@example.org")
    road.deliver()
    moved = next(sent for sent in road.outbox if "/preferences/email" in text_of(sent))
    _follow(tour, "/preferences/email", moved)
    _follow(tour, "/consents/unsubscribe", newsletter)
    _look(tour, newsletter)
    ask("GET /preferences/request")
    ask("HEAD /preferences/request")
    ask("POST /preferences/request", form={"address": MAIL}, expect=202)
    ask("POST /preferences/request", form={"address": "nobody"}, expect=400)
    for path in ("/consents/confirm", "/consents/unsubscribe", "/preferences", "/preferences/email"):
        ask(f"GET {path}", query={"token": "none"}, expect=400)
    road.deliver()


def _look(tour: Tour, sent: Any) -> None:
    """The picture and the links of a message."""
    (picture,) = (path.removeprefix("/o/") for path in telling(sent, "o"))
    link_on, *_, unseen = (path.removeprefix("/c/") for path in telling(sent, "c"))
    for method in ("HEAD", "GET"):
        tour.ask(f"{method} /o/{{token}}", picture)
        tour.ask(f"{method} /c/{{token}}", link_on, expect=302)
    tour.ask("GET /c/{token}", unseen)
    tour.ask("GET /c/{token}", "none", expect=404)


def _follow(tour: Tour, path: str, sent: Any, **changed: str) -> None:
    """The page behind a link, and the button on it."""
    _, query = url_parts(link(sent, path))
    tour.ask(f"HEAD {path}", query=query)
    page = tour.ask(f"GET {path}", query=query)
    tour.ask(f"POST {path}", form={**Page(page.body).fields(), **changed})


def _audit(tour: Tour, shard: str) -> None:
    """What somebody asks who checks the ledger."""
    ask = tour.ask
    ask("GET /ledger/shards/{shard}", shard)
    ask("GET /ledger/shards/{shard}", "none", expect=404)
    ask("GET /ledger/shards/{shard}/entries", shard, query={"after": "0", "limit": "1"})
    ask("GET /ledger/shards/{shard}/entries", "99", expect=404)
    ask("GET /ledger/shards/{shard}/entries", shard, query={"limit": "0"}, expect=400)
    ask("GET /ledger/entries", query={"purpose": "newsletter", "kind": "granted", "limit": "1"})
    ask("GET /ledger/entries", query={"cursor": "none"}, expect=400)
    ask("GET /ledger/anchors")
    ask("GET /ledger/anchors", query={"after": "none"}, expect=400)
    ask("GET /ledger/key")


def what_was_sent(tour: Tour) -> None:
    """Permissions with their proof, and what became of messages."""
    ask, road = tour.ask, tour.road
    key = ask("POST /consents/lookups", body={"channel": "email", "address": MAIL}).json()["address_key"]
    ask("POST /consents/lookups", body={"channel": "pigeon", "address": MAIL}, expect=400)
    ask("GET /consents/{address_key}", key)
    proof = ask("GET /consents/{address_key}/proof", key).json()
    ask("GET /consents/{address_key}/proof", "none", expect=404)
    ask("GET /consents/{address_key}/proof", key, headers={"accept": "text/html"})
    ask("GET /consents/{address_key}/proof.html", key, query={"language": "nl"})
    ask("GET /consents/{address_key}/receipt", key)
    ask("GET /consents/{address_key}/receipt", "none", expect=404)
    _audit(tour, str(proof["head"]["shard"]))
    said = {"channel": "email", "address": MAIL, "purpose": "newsletter", "reason": "said so on the phone"}
    ask("POST /consents/revocations", body=said)
    ask("POST /consents/revocations", body={**said, "purpose": "none"}, expect=400)
    objection = {"addresses": [{"channel": "email", "address": MAIL}], "reason": "a letter"}
    ask("POST /consents/objections", body=objection)
    ask("POST /consents/objections", body={**objection, "addresses": []}, expect=400)
    ana = road.http("GET", "/profiles/userId:ana", admin=True).json()["profile_id"]
    ask("GET /profiles/{profile_id}/journeys", ana)
    ask("GET /decisions", query={"profile": ana, "journey": "", "language": "nl"})
    ask("GET /decisions", expect=400)
    ask("GET /messages/{send_id}", send_id_of(road.outbox[-1]), query={"language": "nl"})
    ask("GET /messages/{send_id}", "none", expect=404)
    _reports(tour)


def _reports(tour: Tour) -> None:
    """What came of messages, and the funnel."""
    ask = tour.ask
    ask("GET /reports/summary")
    ask("GET /reports/{kind}", "nodes")
    ask("GET /reports/{kind}", "nodes", query={"format": "csv"})
    ask("GET /reports/{kind}", "channel-mix")
    ask("GET /reports/{kind}", "none", expect=404)
    ask("GET /reports/{kind}", "days", query={"from": "soon"}, expect=400)
    for kind in ("nps", "service", "loyal"):
        ask(f"GET /reports/{kind}")
        ask(f"GET /reports/{kind}", query={"format": "csv"})
        ask(f"GET /reports/{kind}", query={"format": "xls"}, expect=400)
    ask("GET /reports/channels/{channel}", "email")
    ask("GET /reports/channels/{channel}", "pigeon", expect=404)
    ask("GET /reports/funnel/{lifecycle}", "first")
    ask("GET /reports/funnel/{lifecycle}", "none", expect=404)
