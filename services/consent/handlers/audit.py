"""The auditors' routes: the ledger itself, its anchors, and searching it."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.consent.audit import MAX_ANCHORS, MAX_ENTRIES
from services.consent.bootstrap.audit import audit
from services.consent.handlers.requests import shard_number
from services.consent.searching import Search
from services.shared.http import answer, resolver, respond, whole_number
from services.shared.observability import service_logger

app = resolver()
logger = service_logger("consent")


@app.get("/ledger/shards/<shard>/entries")
def entries(shard: str) -> Response[Any]:
    """A piece of a shard."""
    event = app.current_event
    after, limit = whole_number(event, "after", 0), whole_number(event, "limit", MAX_ENTRIES)
    return answer(200, audit().entries(shard_number(shard), after, limit))


@app.get("/ledger/entries")
def search() -> Response[Any]:
    """Entries by purpose, channel, kind, means, time and shard."""
    wanted = Search.model_validate(app.current_event.query_string_parameters or {})
    return answer(200, audit().search(wanted))


@app.get("/ledger/anchors")
def anchors() -> Response[Any]:
    """Signed anchors."""
    event = app.current_event
    after, limit = whole_number(event, "after", 0), whole_number(event, "limit", MAX_ANCHORS)
    return answer(200, audit().anchors(after, limit))


@app.get("/ledger/key")
def key() -> Response[Any]:
    """What their signatures are checked with."""
    return answer(200, audit().key())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of an auditor."""
    return respond(app, logger, event, context, "consent audit")
