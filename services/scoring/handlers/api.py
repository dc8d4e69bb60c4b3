"""The marketers' routes: what people are judged by, and one person's standing."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.scoring.bootstrap import standings as bootstrap
from services.scoring.domain.definitions import KINDS, Kind
from services.scoring.ports import Revision
from services.scoring.service.whereabouts import MOST_EXPORTED
from services.shared.clock import to_iso
from services.shared.http import (
    answer,
    expected_revision,
    json_body,
    raw_body,
    resolver,
    respond,
    whole_number,
)
from services.shared.observability import service_logger

logger = service_logger("scoring")
app = resolver()

MARGIN_MS = 8_000
"""Time kept back for the page in hand."""


def serve(kind: Kind) -> None:
    """The routes of a kind of definition. A document's ETag is its revision: `If-Match` guards a change, and
    `If-None-Match: *` says that there is none yet."""

    @app.get(f"/{kind.path}")
    def list_() -> Response[Any]:
        return answer(200, bootstrap.desk().list(kind))

    @app.get(f"/{kind.path}/<name>")
    def get(name: str) -> Response[Any]:
        return _revised(bootstrap.desk().get(kind, name))

    @app.put(f"/{kind.path}/<name>")
    def put(name: str) -> Response[Any]:
        event = app.current_event
        return _revised(bootstrap.desk().put(kind, name, json_body(event), expected_revision(event)))

    @app.delete(f"/{kind.path}/<name>")
    def delete(name: str) -> Response[Any]:
        bootstrap.desk().delete(kind, name, expected_revision(app.current_event))
        return answer(200, {"deleted": name})

    @app.get(f"/{kind.path}/<name>/revisions")
    def revisions(name: str) -> Response[Any]:
        event = app.current_event
        cursor = event.get_query_string_value("cursor", "") or ""
        return answer(200, bootstrap.desk().revisions(kind, name, cursor, whole_number(event, "limit", 20)))

    @app.post(f"/{kind.path}/<name>/validate")
    def validate(name: str) -> Response[Any]:
        return answer(200, bootstrap.desk().validate(kind, name, json_body(app.current_event)))


def serve_places(kind: Kind) -> None:
    """The routes of a kind of definition that places people."""

    @app.get(f"/{kind.path}/<name>/members")
    def members(name: str) -> Response[Any]:
        where = {"value": _text("value"), "subject": _text("product"), "cursor": _text("cursor")}
        if _text("format") == "csv":
            return _csv(name, *bootstrap.whereabouts().export(kind, name, **where, limit=MOST_EXPORTED))
        limit = whole_number(app.current_event, "limit", 100)
        return answer(200, bootstrap.whereabouts().members(kind, name, **where, limit=limit))

    @app.get(f"/{kind.path}/<name>/counts")
    def counts(name: str) -> Response[Any]:
        return answer(200, bootstrap.whereabouts().counts(kind, name))

    @app.get(f"/{kind.path}/<name>/moves")
    def moves(name: str) -> Response[Any]:
        return answer(200, bootstrap.whereabouts().moves(kind, name, _text("from"), _text("to")))


for each_kind in KINDS.values():
    serve(each_kind)
    if each_kind.places:
        serve_places(each_kind)


@app.post("/segments/<name>/members")
def change_members(name: str) -> Response[Any]:
    return answer(200, bootstrap.list_desk().change(name, json_body(app.current_event)))


@app.put("/segments/<name>/members")
def replace_members(name: str) -> Response[Any]:
    event = app.current_event
    found = bootstrap.list_desk().replace(
        name, raw_body(event), silent=_text("silent") == "true", has_time=_has_time
    )
    return answer(200 if found["complete"] else 202, found)


@app.post("/segments/<name>/preview")
def preview(name: str) -> Response[Any]:
    return answer(200, bootstrap.preview().of(name, json_body(app.current_event), _has_time))


@app.get("/backfill")
def get_backfill() -> Response[Any]:
    return answer(200, bootstrap.backfill().progress())


@app.get("/segments/library")
def list_library() -> Response[Any]:
    return answer(200, bootstrap.library().shelf())


@app.post("/segments/library/<name>")
def create_from_library(name: str) -> Response[Any]:
    body = json_body(app.current_event)
    parameters, library = body.get("parameters", {}), bootstrap.library()
    made = library.made if body.get("preview") is True else library.create
    return answer(200, made(name, parameters))


@app.get("/profiles/<profile_id>/standing")
def get_standing(profile_id: str) -> Response[Any]:
    return answer(200, bootstrap.desk().standing(profile_id))


@app.get("/profiles/<profile_id>/offers")
def get_offers(profile_id: str) -> Response[Any]:
    return answer(200, bootstrap.desk().offers(profile_id, _text("margins")))


@app.get("/profiles/<profile_id>/next-best")
def get_next_best(profile_id: str) -> Response[Any]:
    names = [name for name in _text("pitches").split(",") if name]
    return answer(200, bootstrap.next_best().of(profile_id, names))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one HTTP request."""
    return respond(app, logger, event, context)


@app.post("/profiles/<profile_id>/stages/<name>")
def move(profile_id: str, name: str) -> Response[Any]:
    body = json_body(app.current_event)
    place = bootstrap.hand().move_by_hand(profile_id, name, body.get("product", ""), body.get("to"))
    return answer(200, {"stage": place.value, "since": to_iso(place.since)})


def _has_time() -> bool:
    return bool(app.lambda_context.get_remaining_time_in_millis() > MARGIN_MS)


def _text(name: str) -> str:
    return app.current_event.get_query_string_value(name, "") or ""


def _csv(name: str, file: str, cursor: str) -> Response[Any]:
    """A file to keep; `Halte-Cursor` leads to the part behind it."""
    headers: dict[str, str | list[str]] = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    if cursor:
        headers["Halte-Cursor"] = cursor
    return Response(200, "text/csv; charset=utf-8", file, headers)


def _revised(revision: Revision) -> Response[Any]:
    return answer(200, revision.document, {"ETag": f'"{revision.number}"'})
