"""The routes of reports that need everybody's past: satisfaction, what service is worth, loyal customers."""

from __future__ import annotations

from typing import Any, cast, get_args

from aws_lambda_powertools.event_handler import Response

from services.ingest.bootstrap import lake as bootstrap
from services.ingest.domain.figures.questions import Kind
from services.shared.errors import Invalid
from services.shared.http import answer, resolver, respond, table
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()

ASK_AGAIN: dict[str, str | list[str]] = {"Retry-After": "5"}


def serve(kind: Kind) -> None:
    """The route of a kind of figure: 202 as long as it was never counted."""

    @app.get(f"/reports/{kind}")
    def show() -> Response[Any]:
        query = dict(app.current_event.query_string_parameters or {})
        form = query.pop("format", "json")
        if form not in ("json", "csv"):
            raise Invalid("bad_format", "format: json or csv")
        if form == "csv" and (text := bootstrap.figure_desk().file(kind, query)) is not None:
            return table(text, f"{kind}.csv")
        is_counted, found = bootstrap.figure_desk().show(kind, query)
        return answer(200, found) if is_counted else answer(202, found, ASK_AGAIN)


for one in get_args(Kind):
    serve(cast("Kind", one))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    return respond(app, logger, event, context)
