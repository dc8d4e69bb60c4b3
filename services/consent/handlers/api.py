"""The marketers' routes: purposes, states, proofs, revocations, sales, imports."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.consent.bootstrap.audit import public_key, receipts
from services.consent.bootstrap.permissions import branding, inspection, registry, withdrawals
from services.consent.bootstrap.records import importing, soft_opt_ins
from services.consent.bootstrap.replies import objections
from services.consent.domain.asks import Lookup, Objection, Withdrawal
from services.consent.domain.brand import Brand
from services.consent.domain.imports import Import, lines
from services.consent.domain.purposes import Purpose
from services.consent.handlers.proof_pages import proof_page
from services.consent.handlers.requests import content_type, languages_of, origin_of, shard_number
from services.consent.soft import SoftAsk
from services.shared.http import answer, html, json_body, raw_body, resolver, respond
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


@app.get("/brand")
def show_brand() -> Response[Any]:
    """How the public pages look."""
    return answer(200, branding().shown())


@app.put("/brand")
def set_brand() -> Response[Any]:
    """Logo, colours and words of the public pages."""
    return answer(200, branding().set(Brand.model_validate(json_body(app.current_event))))


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


@app.post("/consents/soft-opt-ins")
def record_sale() -> Response[Any]:
    """A sale that may let a customer be written to: granted, or which conditions are not met."""
    ask = SoftAsk.model_validate(json_body(app.current_event))
    return answer(200, soft_opt_ins().record(ask, origin_of(app.current_event)))


@app.post("/consents/imports")
def import_permissions() -> Response[Any]:
    """`{"dry_run", "rows"}`, or the rows as NDJSON with `?dry_run=true` in the address."""
    return answer(200, importing().run(_import_of(app.current_event), origin_of(app.current_event)))


@app.get("/consents/imports/<import_id>")
def import_report(import_id: str) -> Response[Any]:
    """What an import answered the last time."""
    return answer(200, importing().report(import_id))


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
    """Entries, evidence, texts and their place in the chain; as a page to print for whoever prefers HTML."""
    if "text/html" in (app.current_event.headers.get("accept") or ""):
        return printed_proof(address_key)
    return answer(200, inspection().proof(address_key))


@app.get("/consents/<address_key>/proof.html")
def printed_proof(address_key: str) -> Response[Any]:
    """The same to print, in English or Dutch."""
    languages = app.current_event.get_query_string_value("language", "") or languages_of(app.current_event)
    key = {"key_id": public_key().key_id(), "public_key": public_key().public_key()}
    return html(200, proof_page(inspection().proof(address_key), key, languages))


@app.get("/consents/<address_key>/receipt")
def receipt(address_key: str) -> Response[Any]:
    """What the person can keep (ISO/IEC TS 27560:2023)."""
    return answer(200, receipts().of([address_key]))


@app.get("/ledger/shards/<shard>")
def check_shard(shard: str) -> Response[Any]:
    """Whether a shard of the ledger is what was appended."""
    return answer(200, inspection().check_shard(shard_number(shard)))


def _import_of(event: Any) -> Import:
    if content_type(event) != "application/x-ndjson":
        return Import.model_validate(json_body(event))
    dry_run = (event.get_query_string_value("dry_run", "") or "false").lower()
    return Import.model_validate({"dry_run": dry_run, "rows": list(lines(raw_body(event)))})


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of a marketer."""
    return respond(app, logger, event, context, "consent api")
