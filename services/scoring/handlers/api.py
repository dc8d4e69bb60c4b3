"""The marketers' routes: segments, score models, and one person's standing."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.scoring import bootstrap
from services.shared.http import answer, json_body, resolver
from services.shared.observability import service_logger

logger = service_logger("scoring")
app = resolver()


@app.get("/segments")
def list_segments() -> Response[Any]:
    return answer(200, bootstrap.desk().segments())


@app.get("/segments/<name>")
def get_segment(name: str) -> Response[Any]:
    return answer(200, bootstrap.desk().segment(name))


@app.put("/segments/<name>")
def put_segment(name: str) -> Response[Any]:
    return answer(200, bootstrap.desk().put_segment(name, json_body(app.current_event)))


@app.get("/score-models")
def list_models() -> Response[Any]:
    return answer(200, bootstrap.desk().models())


@app.put("/score-models/<name>")
def put_model(name: str) -> Response[Any]:
    return answer(200, bootstrap.desk().put_model(name, json_body(app.current_event)))


@app.get("/profiles/<profile_id>/standing")
def get_standing(profile_id: str) -> Response[Any]:
    return answer(200, bootstrap.desk().standing(profile_id))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one HTTP request."""
    response = app.resolve(event, context)
    logger.info("request served", route=event.get("routeKey"), status=response["statusCode"])
    return response
