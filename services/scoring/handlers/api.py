"""The marketers' routes: what people are judged by, and one person's standing."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.scoring import bootstrap
from services.scoring.domain.definitions import KINDS, Kind
from services.scoring.ports import Revision
from services.shared.http import answer, expected_revision, json_body, resolver, whole_number
from services.shared.observability import service_logger

logger = service_logger("scoring")
app = resolver()


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


for each_kind in KINDS.values():
    serve(each_kind)


@app.get("/profiles/<profile_id>/standing")
def get_standing(profile_id: str) -> Response[Any]:
    return answer(200, bootstrap.desk().standing(profile_id))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one HTTP request."""
    response = app.resolve(event, context)
    logger.info("request served", route=event.get("routeKey"), status=response["statusCode"])
    return response


def _revised(revision: Revision) -> Response[Any]:
    return answer(200, revision.document, {"ETag": f'"{revision.number}"'})
