"""The marketers' routes: purposes, states, proofs, revocations."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.consent.bootstrap import inspection, registry, withdrawals
from services.consent.bootstrap_replies import objections
from services.consent.domain.asks import Lookup, Objection, Withdrawal
from services.consent.domain.purposes import Purpose
from services.consent.handlers.requests import origin_of
from services.shared.errors import NotFound
from services.shared.http import answer, json_body, resolver
from services.shared.observability import service_logger

app = resolver()
logger = service_logger("consent")


@app.get("/purposes")
def list_purposes() -> Response[Any]:
    """`{"purposes": [...]}`"""
    return answer(200, {"purposes": registry().all()})


@app.put("/purposes/<name>")
def define_purpose(name: str) -> Response[Any]:
    """Create or change a purpose; its published texts never change."""
    wanted = Purpose.model_validate(json_body(app.current_event))
    return answer(200, registry().define(name, wanted))


@app.post("/consents/lookups")
def look_up() -> Response[Any]:
    """`{"channel", "address"}` to the states of the address: in a body, because query strings end up in logs."""
    asked = Lookup.model_validate(json_body(app.current_event))
    return answer(200, inspection().states(withdrawals().key_of(asked.channel, asked.address)))


@app.post("/consents/revocations")
def revoke() -> Response[Any]:
    """`{"channel", "address", "purpose", "reason"}` for someone who said so by another road."""
    withdrawal = Withdrawal.model_validate(json_body(app.current_event))
    key, outcome = withdrawals().withdraw(withdrawal, origin_of(app.current_event))
    return answer(200, {"address_key": key, "outcome": outcome})


@app.post("/consents/objections")
def object_to_marketing() -> Response[Any]:
    """`{"addresses": [{"channel", "address"}], "reason"}`: no marketing to this person any more, for any purpose."""
    event = app.current_event
    objection = Objection.model_validate(json_body(event))
    done = objections().object(objection, origin_of(event), event.headers.get("idempotency-key") or "")
    return answer(200, {"objections": done})


@app.get("/consents/<address_key>")
def states(address_key: str) -> Response[Any]:
    """States and history."""
    return answer(200, inspection().states(address_key))


@app.get("/consents/<address_key>/proof")
def proof(address_key: str) -> Response[Any]:
    """Entries, evidence, texts and their place in the chain."""
    return answer(200, inspection().proof(address_key))


@app.get("/ledger/shards/<shard>")
def check_shard(shard: str) -> Response[Any]:
    """Whether a shard of the ledger is what was appended."""
    if not (shard.isascii() and shard.isdigit() and len(shard) <= 4):
        raise NotFound("unknown_shard", "a shard is a number")
    return answer(200, inspection().check_shard(int(shard)))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of a marketer."""
    response = app.resolve(event, context)
    logger.info("consent api", extra={"route": event.get("routeKey"), "status": response["statusCode"]})
    return response
