"""The routes of reports: what came of messages."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.delivery.bootstrap import reports as bootstrap
from services.delivery.use_cases.report import MOST_LINES, Asked
from services.shared.errors import Invalid
from services.shared.http import answer, resolver, respond, table, whole_number
from services.shared.observability import service_logger

logger = service_logger("delivery")
app = resolver()


@app.get("/reports/summary")
def summary() -> Response[Any]:
    return answer(200, bootstrap.reporting().summary())


@app.get("/reports/channels/<channel>")
def channel(channel: str) -> Response[Any]:
    return answer(200, bootstrap.reporting().channel(channel, Asked.of(_query())))


@app.get("/reports/funnel/<lifecycle>")
def funnel(lifecycle: str) -> Response[Any]:
    return answer(200, bootstrap.reporting().funnel(lifecycle, Asked.of(_query())))


@app.get("/reports/<kind>")
def report(kind: str) -> Response[Any]:
    query = _query()
    form = query.get("format", "json")
    if form not in ("json", "csv"):
        raise Invalid("bad_format", "format: json or csv")
    if form == "csv":
        return table(bootstrap.reporting().file(kind, Asked.of(query)), f"{kind}.csv")
    limit = whole_number(app.current_event, "limit", MOST_LINES)
    return answer(200, bootstrap.reporting().report(kind, Asked.of(query), limit, query.get("cursor", "")))


def _query() -> dict[str, str]:
    return dict(app.current_event.query_string_parameters or {})


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    return respond(app, logger, event, context)
