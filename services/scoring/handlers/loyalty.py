"""The routes of loyalty points."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.scoring.bootstrap import loyalty as bootstrap
from services.shared.http import answer, expected_revision, json_body, resolver, respond, whole_number
from services.shared.observability import service_logger

logger = service_logger("scoring")
app = resolver()

DEFAULT_LINES = 50


@app.get("/loyalty/programme")
def get_programme() -> Response[Any]:
    return _revised(*bootstrap.desk().programme())


@app.put("/loyalty/programme")
def put_programme() -> Response[Any]:
    event = app.current_event
    return _revised(*bootstrap.desk().publish(json_body(event), expected_revision(event)))


@app.get("/loyalty/<profile_id>")
def get_account(profile_id: str) -> Response[Any]:
    event = app.current_event
    cursor = event.get_query_string_value("cursor", "") or ""
    limit = whole_number(event, "limit", DEFAULT_LINES)
    return answer(200, bootstrap.desk().shown(profile_id, cursor, limit))


@app.post("/loyalty/<profile_id>/burn")
def burn(profile_id: str) -> Response[Any]:
    return answer(200, bootstrap.desk().burn(profile_id, json_body(app.current_event), _key()))


@app.post("/loyalty/<profile_id>/adjust")
def adjust(profile_id: str) -> Response[Any]:
    return answer(200, bootstrap.desk().adjust(profile_id, json_body(app.current_event), _key()))


@app.post("/loyalty/<profile_id>/referral-code")
def referral_code(profile_id: str) -> Response[Any]:
    return answer(200, bootstrap.desk().referral_code(profile_id))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one HTTP request."""
    return respond(app, logger, event, context)


def _key() -> str:
    return app.current_event.headers.get("idempotency-key", "").strip()


def _revised(document: dict[str, Any], revision: int) -> Response[Any]:
    return answer(200, document, {"ETag": f'"{revision}"'})
