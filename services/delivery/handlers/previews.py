"""The marketers' routes to what a template would say: previews and tests."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.delivery.bootstrap import content as bootstrap
from services.shared.http import answer, json_body, resolver, respond
from services.shared.ids import new_id
from services.shared.observability import service_logger

logger = service_logger("delivery")
app = resolver()


@app.post("/templates/<name>/preview")
def preview(name: str) -> Response[Any]:
    return answer(200, bootstrap.previewing().preview(name, json_body(app.current_event)))


@app.post("/templates/<name>/test")
def test(name: str) -> Response[Any]:
    return answer(200, bootstrap.previewing().test(name, json_body(app.current_event), new_id("test")))


@app.get("/test-addresses")
def test_addresses() -> Response[Any]:
    return answer(200, bootstrap.previewing().test_addresses())


@app.put("/test-addresses")
def put_test_addresses() -> Response[Any]:
    return answer(200, bootstrap.previewing().put_test_addresses(json_body(app.current_event)))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    return respond(app, logger, event, context)
