"""The marketers' routes about channels: terms, prices, tasks, print orders, wallet passes."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.delivery.bootstrap import channels as bootstrap
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("delivery")
app = resolver()


@app.get("/channels")
def channels() -> Response[Any]:
    return answer(200, bootstrap.serving_channels().show())


@app.put("/channels")
def put_channels() -> Response[Any]:
    return answer(200, bootstrap.serving_channels().put(json_body(app.current_event)))


@app.get("/channels/prices")
def prices() -> Response[Any]:
    return answer(200, bootstrap.serving_channels().prices())


@app.put("/channels/prices")
def put_prices() -> Response[Any]:
    return answer(200, bootstrap.serving_channels().put_prices(json_body(app.current_event)))


@app.post("/channels/<channel>/secret/rotate")
def rotate_secret(channel: str) -> Response[Any]:
    return answer(200, bootstrap.serving_channels().rotate(channel))


@app.get("/tasks")
def tasks() -> Response[Any]:
    cursor = app.current_event.get_query_string_value("cursor", "") or ""
    return answer(200, bootstrap.desk().open(cursor))


@app.get("/tasks/<task_id>")
def task(task_id: str) -> Response[Any]:
    return answer(200, bootstrap.desk().one(task_id))


@app.post("/tasks/<task_id>/done")
def task_done(task_id: str) -> Response[Any]:
    return answer(200, bootstrap.desk().close(task_id, "done", json_body(app.current_event)))


@app.post("/tasks/<task_id>/failed")
def task_failed(task_id: str) -> Response[Any]:
    return answer(200, bootstrap.desk().close(task_id, "failed", json_body(app.current_event)))


@app.get("/print-orders")
def print_orders() -> Response[Any]:
    return answer(200, bootstrap.letters().days())


@app.get("/print-orders/<day>")
def print_order(day: str) -> Response[Any]:
    return answer(200, bootstrap.letters().link(day))


@app.post("/print-orders/<day>/status")
def print_status(day: str) -> Response[Any]:
    return answer(200, bootstrap.letters().statuses(day, json_body(app.current_event)))


@app.post("/wallet-passes")
def issue_pass() -> Response[Any]:
    return answer(202, bootstrap.issuing().issue(json_body(app.current_event).get("profile_id")))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    return respond(app, logger, event, context)
