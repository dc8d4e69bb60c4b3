"""The console's files on the HTTP API: public, because they hold nothing; what they show, the API gives to a key."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.console.files import INDEX, File, is_fresh, read
from services.console.settings import SiteSettings
from services.shared.errors import NotFound
from services.shared.http import resolver, respond
from services.shared.observability import service_logger

logger = service_logger("console")
app = resolver()


@cache
def files() -> dict[str, File]:
    """Read once per process."""
    return read(SiteSettings.from_env().stage)


@app.get("/console")
def index() -> Response[Any]:
    return _answered(INDEX)


@app.get("/console/<name>")
def file(name: str) -> Response[Any]:
    return _answered(name)


def _answered(name: str) -> Response[Any]:
    found = files().get(name)
    if found is None:
        raise NotFound("no_file", "the console has no such file")
    headers: dict[str, str | list[str]] = dict(found.headers)
    if is_fresh(found, app.current_event.headers.get("if-none-match", "")):
        return Response(304, headers=headers, body="", compress=False)
    return Response(
        200, content_type=found.content_type, body=found.content.decode(), headers=headers, compress=True
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one file."""
    return respond(app, logger, event, context, "file served")
