"""`GET /profiles…`: finding, seeing and exporting a person, behind the authorizer."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.ingest.bootstrap import people as bootstrap
from services.shared.errors import Invalid
from services.shared.http import answer, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("ingest")
app = resolver()


@app.get("/profiles")
def search_profiles() -> Response[Any]:
    return answer(200, bootstrap.directory().search(_query("prefix"), _query("cursor"), _limit(20)))


@app.get("/profiles/<identifier>")
def get_profile(identifier: str) -> Response[Any]:
    return answer(200, bootstrap.single_view().show(_named(identifier)))


@app.get("/profiles/<identifier>/timeline")
def get_timeline(identifier: str) -> Response[Any]:
    return answer(200, bootstrap.single_view().timeline(_named(identifier), _query("cursor"), _limit(50)))


@app.get("/profiles/<identifier>/sessions")
def get_sessions(identifier: str) -> Response[Any]:
    return answer(200, bootstrap.single_view().sessions(_named(identifier), _query("cursor")))


@app.get("/profiles/<identifier>/records/<type>")
def get_records(identifier: str, type: str) -> Response[Any]:
    view = bootstrap.single_view()
    return answer(200, view.records(_named(identifier), type, _query("cursor"), _limit(50)))


@app.get("/profiles/<identifier>/export")
def export_profile(identifier: str) -> Response[Any]:
    """202 while a large one is being made: the same request again gives the links to its parts."""
    is_there, export = bootstrap.exporter().export(_named(identifier))
    return answer(200, export) if is_there else answer(202, export, {"Retry-After": "10"})


def _named(identifier: str) -> str:
    """The API has decoded the path, all but `%25`: decoding more than that would take the id `%41` for `A`."""
    return str(app.current_event.path_parameters.get("identifier", identifier)).replace("%25", "%")


def _query(name: str) -> str:
    return str((app.current_event.query_string_parameters or {}).get(name) or "")


def _limit(otherwise: int) -> int:
    text = _query("limit")
    if not text:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise Invalid("bad_limit", "limit is not a whole number")
    return int(text)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway HTTP API, payload 2.0. The path is not logged: it holds a person's address."""
    return respond(app, logger, event, context, "request answered")
