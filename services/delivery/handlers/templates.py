"""The marketers' routes to what is said: templates and their versions, products, offers."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.delivery.bootstrap import content as bootstrap
from services.delivery.domain.service_kinds import SERVICE_KINDS
from services.shared.errors import NotFound
from services.shared.http import answer, json_body, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("delivery")
app = resolver()


@app.put("/templates/<name>")
def put_template(name: str) -> Response[Any]:
    event = app.current_event
    activate = event.get_query_string_value("activate", "true") != "false"
    return answer(200, bootstrap.serving_templates().put(name, json_body(event), activate=activate))


@app.get("/templates")
def templates() -> Response[Any]:
    return answer(200, {"templates": bootstrap.serving_templates().all()})


@app.put("/templates/<name>/active")
def put_active(name: str) -> Response[Any]:
    return answer(200, bootstrap.serving_templates().activate(name, json_body(app.current_event)))


@app.get("/templates/<name>/versions")
def versions(name: str) -> Response[Any]:
    return answer(200, bootstrap.serving_templates().versions(name))


@app.get("/templates/<name>/versions/<version>")
def version(name: str, version: str) -> Response[Any]:
    if not (version.isascii() and version.isdecimal() and len(version) <= 6):
        raise NotFound("not_found", f"template {name} has no such version")
    return answer(200, bootstrap.serving_templates().version(name, int(version)))


@app.get("/service-kinds")
def service_kinds() -> Response[Any]:
    return answer(200, {"kinds": SERVICE_KINDS})


@app.get("/landing-pages")
def landing_pages() -> Response[Any]:
    return answer(200, bootstrap.serving_templates().landing_pages())


@app.put("/landing-pages")
def put_landing_pages() -> Response[Any]:
    return answer(200, bootstrap.serving_templates().put_landing_pages(json_body(app.current_event)))


@app.put("/products/<product_id>")
def put_product(product_id: str) -> Response[Any]:
    return answer(200, bootstrap.serving_catalogue().put_product(product_id, json_body(app.current_event)))


@app.get("/products/<product_id>")
def product(product_id: str) -> Response[Any]:
    return answer(200, bootstrap.serving_catalogue().product(product_id))


@app.put("/offers/<name>")
def put_offer(name: str) -> Response[Any]:
    return answer(200, bootstrap.serving_catalogue().put_offer(name, json_body(app.current_event)))


@app.get("/offers")
def offers() -> Response[Any]:
    return answer(200, {"offers": bootstrap.serving_catalogue().offers()})


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    return respond(app, logger, event, context)
