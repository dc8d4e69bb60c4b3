"""What keeps and previews templates, products and offers."""

from __future__ import annotations

from functools import cache

from services.delivery.adapters.dynamo_catalogue import DynamoCatalogue
from services.delivery.adapters.dynamo_gates import DynamoGates
from services.delivery.adapters.dynamo_templates import DynamoTemplates
from services.delivery.adapters.mjml import compile_mjml
from services.delivery.bootstrap import composing
from services.delivery.settings import PreviewsSettings, TemplatesSettings
from services.delivery.use_cases.preview_templates import PreviewTemplates
from services.delivery.use_cases.serve_catalogue import ServeCatalogue
from services.delivery.use_cases.serve_templates import ServeTemplates
from services.shared.aws.dynamo import Table


@cache
def serving_templates() -> ServeTemplates:
    """What `templates` runs."""
    settings = TemplatesSettings.from_env()
    return ServeTemplates(
        templates=DynamoTemplates(Table(settings.templates_table)),
        compile_mjml=compile_mjml,
        clock=settings.clock(),
    )


@cache
def serving_catalogue() -> ServeCatalogue:
    """What `templates` runs, too."""
    return ServeCatalogue(catalogue=DynamoCatalogue(Table(TemplatesSettings.from_env().products_table)))


@cache
def previewing() -> PreviewTemplates:
    """What `previews` runs."""
    settings = PreviewsSettings.from_env()
    return PreviewTemplates(
        templates=DynamoTemplates(Table(settings.templates_table)),
        gates=DynamoGates(Table(settings.gates_table)),
        compose=composing.composing(settings.gates_table, settings.products_table),
        sender=composing.mail(settings),
        clock=settings.clock(),
    )
