"""What delivery says: templates and their versions, products and offers, previews and tests."""

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
    "PUT /products/{product_id}",
    "GET /products/{product_id}",
    "PUT /offers/{name}",
    "GET /offers",
]
PREVIEW_ROUTES = [
    "POST /templates/{name}/preview",
    "POST /templates/{name}/test",
    "GET /test-addresses",
    "PUT /test-addresses",
]


def add_content(stack: DeliveryStack) -> None:
    """The functions by which marketers write, and try, what is said."""
    templates = stack.function(
        "Writers",
        handler="templates",
        settings={
            "templates_table": stack.templates.table_name,
            "products_table": stack.products.table_name,
        },
        wheels=WHEELS,
    )
    stack.templates.grant(
        templates, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan"
    )
    stack.products.grant(
        templates,
        "dynamodb:GetItem",
        "dynamodb:BatchGetItem",
        "dynamodb:PutItem",
        "dynamodb:DeleteItem",
        "dynamodb:Query",
    )
    stack.routes(templates, TEMPLATE_ROUTES)
    previews = stack.function(
        "Previews",
        handler="previews",
        settings={
            "templates_table": stack.templates.table_name,
            "products_table": stack.products.table_name,
            "gates_table": stack.gates.table_name,
            "from_address": stack.halte.from_address,
            **stack.mail_settings(),
        },
    )
    stack.templates.grant(previews, "dynamodb:GetItem", "dynamodb:PutItem")
    stack.products.grant(previews, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")
    stack.gates.grant(previews, "dynamodb:GetItem", "dynamodb:BatchGetItem")
    stack.allow_mail(previews)
    stack.routes(previews, PREVIEW_ROUTES)
