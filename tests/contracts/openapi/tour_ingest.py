"""The tour through ingest."""

from __future__ import annotations

from typing import Any

import boto3

from services.ingest.domain.segment import SHORT
from services.ingest.doors.accept import PATHS
from services.shared.clock import to_iso
from tests.contracts.openapi.tour import MAIL, Tour
from tests.support.templates import REGION

SOURCE = {
    "name": "Web shop",
    "kind": "server",
    "rate": 60000,
    "schema": {
        "shapes": {"Order Completed": {"properties": {"order_id": {"type": "string", "required": True}}}}
    },
}
BOOKING = {
    "rules": [
        {
            "name": "booked",
            "type": "track",
            "event": {"value": "Appointment Booked"},
            "userId": {"path": "customer", "as": "text", "required": True},
            "properties": {"price": {"path": "price", "as": "number"}},
        }
    ]
}
FORM: dict[str, Any] = {
    "kind": "popup",
    "questions": [
        {"name": "email", "type": "email", "trait": "email", "required": True},
        {"name": "colour", "type": "choice", "choices": ["red", "green"], "property": "colour"},
    ],
    "purposes": [{"purpose": "newsletter", "text_version": "2026-1", "language": "en"}],
}


def sources_and_attributes(tour: Tour) -> None:
    """What may come in."""
    ask = tour.ask
    tour.write_key = ask("PUT /sources/{source_id}", "shop", body=SOURCE, expect=201).json()["write_key"]
    ask("PUT /sources/{source_id}", "shop", body={**SOURCE, "region": "BE"})
    ask("PUT /sources/{source_id}", "Web Shop", body=SOURCE, expect=400)
    ask("PUT /sources/{source_id}", "bookings", body={"mapping": BOOKING}, expect=201)
    ask(
        "POST /sources/{source_id}/mapping/dry-run",
        "bookings",
        body={"rows": [{"customer": 7, "price": "12.50"}, {}]},
    )
    ask("POST /sources/{source_id}/mapping/dry-run", "shop", body={"rows": []}, expect=400)
    ask("POST /sources/{source_id}/keys/rotate", "shop", body={"overlap_hours": 24, "keys": ["secret"]})
    ask("POST /sources/{source_id}/keys/rotate", "shop", body={"overlap_hours": -1}, expect=400)
    ask("GET /sources")
    ask("GET /sources/{source_id}", "shop")
    ask("GET /sources/{source_id}", "none", expect=404)
    ask("DELETE /sources/{source_id}", "bookings")
    ask("DELETE /sources/{source_id}", "bookings", expect=404)
    first = {"purpose": "The welcome addresses people by it.", "type": "string", "kinds": ["declared"]}
    ask("PUT /attributes/{name}", "firstName", body=first)
    ask("PUT /attributes/{name}", "address", body={"purpose": "Where letters go."})
    ask("PUT /attributes/{name}", "shoeSize", body={"purpose": "Shows what fits."})
    ask("PUT /attributes/{name}", "shoeSize", body={}, expect=400)
    ask("DELETE /attributes/{name}", "shoeSize")
    ask("DELETE /attributes/{name}", "shoeSize", expect=404)
    ask("PUT /attributes", body={"policy": "quarantine"})
    ask("PUT /attributes", body={"policy": "whatever"}, expect=400)


def doors(tour: Tour) -> None:
    """Each path once, and refusals."""
    now = to_iso(tour.road.clock.now())
    anybody = {"userId": "ana", "timestamp": now}
    calls: dict[str, dict[str, Any]] = {
        "identify": {**anybody, "traits": {"email": MAIL, "firstName": "Ana", "shoeSize": 39}},
        "track": {
            **anybody,
            "event": "Order Completed",
            "properties": {
                "order_id": "o-1",
                "revenue": 12.5,
                "currency": "EUR",
                "products": [{"product_id": "mug", "price": 12.5, "quantity": 1}],
            },
        },
        "page": {**anybody, "name": "Home", "properties": {"url": "https://shop.example.com/"}},
        "screen": {**anybody, "name": "Basket"},
        "group": {**anybody, "groupId": "acme", "traits": {"name": "Acme"}},
        "alias": {"userId": "ana", "previousId": "visitor-1", "timestamp": now},
    }
    visitor = {"type": "identify", "anonymousId": "visitor-2", "traits": {"email": "bob@example.com"}}
    pair = [{**calls["page"], "type": "page"}, visitor]
    for number, path in enumerate(PATHS):
        call = path.rpartition("/")[2]
        call = SHORT.get(call, call)
        sent: dict[str, Any] = {"batch": pair} if call == "batch" else calls[call]
        tour.ask(f"POST {path}", body={**sent, "messageId": f"m-{number}"} if call != "batch" else sent)
    bad = {"type": "track", "userId": "ana"}
    tour.ask("POST /v1/batch", body={"batch": [pair[0], bad]})
    tour.ask("POST /v1/batch", body={"batch": [bad]}, expect=400)
    tour.ask("POST /v1/track", body=calls["track"], expect=401, headers={"authorization": "Basic bm9uZTo="})
    tour.ask("POST /v1/page", body={"name": "Home"}, expect=400)
    tour.road.deliver()
    tour.ask("GET /attributes")


def firms(tour: Tour) -> None:
    """A firm that one of its people told of, and what a colleague says of it."""
    tour.ask("GET /firms/{firm_id}", "acme")
    tour.ask("GET /firms/{firm_id}", "none", expect=404)
    tour.ask("PUT /firms/{firm_id}", "acme", body={"attributes": {"stage": "growth", "employees": 40}})
    tour.ask("PUT /firms/{firm_id}", "acme", body={"attributes": {}}, expect=400)


def forms_imports_and_sinks(tour: Tour) -> None:
    """What marketers register, and a submission."""
    ask = tour.ask
    ask("PUT /forms/{form_id}", "exit-popup", body=FORM, expect=201)
    ask("PUT /forms/{form_id}", "exit-popup", body={**FORM, "name": "Exit"})
    ask("PUT /forms/{form_id}", "other", body={}, expect=201)
    ask("PUT /forms/{form_id}", "other", body={"kind": "poem"}, expect=400)
    ask("GET /forms")
    ask("GET /forms/{form_id}", "exit-popup")
    ask("DELETE /forms/{form_id}", "other")
    ask("GET /forms/{form_id}", "other", expect=404)
    said = {
        "answers": {"email": MAIL, "colour": "green"},
        "consents": ["newsletter"],
        "anonymousId": "visitor-1",
    }
    ask("POST /forms/{form_id}/submissions", "exit-popup", body=said, expect=202)
    ask("POST /forms/{form_id}/submissions", "exit-popup", body={}, expect=400)
    ask("POST /forms/{form_id}/submissions", "other", body=said, expect=404)
    ask(
        "POST /forms/{form_id}/submissions",
        "exit-popup",
        form={"email": "dora@example.com"},
        headers={"accept": "text/html"},
        expect=202,
    )
    _import(tour)
    hook = {
        "kind": "webhook",
        "url": "https://hooks.example.com/halte",
        "filter": {"events": ["Order Completed"]},
    }
    ask("PUT /sinks/{sink_id}", "crm", body=hook, expect=201)
    ask("PUT /sinks/{sink_id}", "crm", body={**hook, "name": "CRM"})
    ask("PUT /sinks/{sink_id}", "inside", body={"kind": "webhook", "url": "https://127.0.0.1/"}, expect=400)
    ask("GET /sinks")
    ask("GET /sinks/{sink_id}", "crm")
    ask("POST /sinks/{sink_id}/secret/rotate", "crm", body={"overlap_hours": 24})
    ask("DELETE /sinks/{sink_id}", "crm")
    ask("GET /sinks/{sink_id}", "crm", expect=404)


def _import(tour: Tour) -> None:
    ask = tour.ask
    wanted = {"source": "shop", "format": "csv", "mapping": "contact-csv", "policy": {"email_required": True}}
    made = ask("POST /imports", body=wanted, expect=202).json()
    ask("POST /imports", body={**wanted, "source": "none"}, expect=400)
    ask("POST /imports/{import_id}/start", made["id"], expect=400)
    bucket, key = made["upload_url"].partition("?")[0].removeprefix("https://").split("/", 1)
    boto3.client("s3", region_name=REGION).put_object(
        Bucket=bucket.partition(".s3")[0],
        Key=key,
        Body=b"email,first_name\ncas@example.com,Cas\nno address,Dirk\n",
    )
    ask("POST /imports/{import_id}/start", made["id"], expect=202)
    tour.road.deliver()
    ask("GET /imports/{import_id}", made["id"])
    ask("POST /imports/{import_id}/start", made["id"], expect=409)
    ask("POST /imports/{import_id}/rollback", made["id"], expect=202)
    tour.road.deliver()
    ask("POST /imports/{import_id}/rollback", made["id"], expect=409)
    ask("GET /imports/{import_id}", "none", expect=404)


def people(tour: Tour) -> None:
    """Two people, seen from all sides, joined and parted."""
    ask = tour.ask
    ask("GET /profiles", query={"prefix": "ana"})
    ask("GET /profiles", query={"prefix": "a"}, expect=400)
    ana = ask("GET /profiles/{identifier}", "userId:ana").json()["profile_id"]
    ask("GET /profiles/{identifier}", "nobody", expect=404)
    ask("GET /profiles/{identifier}/timeline", ana, query={"limit": "3"})
    ask("GET /profiles/{identifier}/timeline", ana, query={"cursor": "x"}, expect=400)
    ask("GET /profiles/{identifier}/sessions", ana)
    ask("GET /profiles/{identifier}/records/{type}", ana, "order")
    ask("GET /profiles/{identifier}/export", ana)
    ask("GET /profiles/{profile_id}/identity", ana)
    bob = ask("GET /profiles/{identifier}", "bob@example.com").json()["profile_id"]
    ask(
        "POST /profiles/{profile_id}/merges",
        ana,
        body={"with": bob, "dry_run": True, "reason": "the same address"},
    )
    ask("POST /profiles/{profile_id}/merges", ana, body={"with": ana}, expect=409)
    ask("POST /profiles/{profile_id}/merges", ana, body={"with": bob, "reason": "the same address"})
    tour.road.deliver()
    parted = {"identifiers": ["email:bob@example.com", "anonymousId:visitor-2"], "reason": "a colleague"}
    ask("POST /profiles/{profile_id}/splits", ana, body=parted)
    ask("POST /profiles/{profile_id}/splits", ana, body={"identifiers": ["userId:zoe"]}, expect=400)
    tour.road.deliver()


def forgetting(tour: Tour) -> None:
    """The last thing that can be asked about somebody."""
    erasure = tour.ask("POST /profiles/{identifier}/erasure", "userId:ana", expect=202).json()["erasure_id"]
    tour.road.deliver()
    tour.ask("GET /erasures/{erasure_id}", erasure)
    tour.ask("POST /erasures/{erasure_id}/repetitions", erasure, expect=202)
    tour.road.deliver()
    tour.ask("GET /erasures/{erasure_id}", "none", expect=404)
    tour.ask("GET /profiles/{identifier}", "userId:ana", expect=404)
