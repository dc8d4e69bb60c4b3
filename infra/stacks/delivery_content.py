"""What delivery says: templates and their versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.stacks.delivery import DeliveryStack

WHEELS = "delivery-templates"
TEMPLATE_ROUTES = [
    "PUT /templates/{name}",
    "GET /templates",
    "PUT /templates/{name}/active",
    "GET /templates/{name}/versions",
    "GET /templates/{name}/versions/{version}",
    "GET /service-kinds",
    "GET /landing-pages",
    "PUT /landing-pages",
]


def add_content(stack: DeliveryStack) -> None:
    """The functions by which marketers write what is said."""
    templates = stack.function(
        "Writers",
        handler="templates",
        settings={"templates_table": stack.templates.table_name},
        wheels=WHEELS,
    )
    stack.templates.grant(
        templates, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan"
    )
    stack.routes(templates, TEMPLATE_ROUTES)
