"""The part of ingest's stack that takes forms."""

from __future__ import annotations

from infra.constructs.service_stack import ServiceStack, pattern_of
from infra.constructs.work_queue import WorkQueue
from services.shared.contracts.ingest import FormSubmitted

ROUTES = ("GET /forms", "PUT /forms/{form_id}", "GET /forms/{form_id}", "DELETE /forms/{form_id}")


def add_forms(stack: ServiceStack, intake: WorkQueue) -> None:
    """The registry, the public route, and the rule that takes submissions into `intake` as customer events."""
    forms = stack.table("Forms", partition_key="form_id")
    # Apart from the definitions, which the public route may read and never write.
    rates = stack.table("FormRates", partition_key="counter", ttl="expires_at")
    registry = stack.function("FormsApi", handler="forms", settings={"forms_table": forms.table_name})
    forms.grant(registry, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Scan")
    stack.routes(registry, ROUTES)
    public = stack.function(
        "Submissions",
        handler="submissions",
        settings={
            "forms_table": forms.table_name,
            "form_rates_table": rates.table_name,
            "bus_name": stack.bus_name,
            "address_secret_arn": stack.address_secret.secret_arn,
        },
    )
    forms.grant(public, "dynamodb:GetItem")
    rates.grant(public, "dynamodb:UpdateItem")
    stack.address_secret.grant_read(public)
    stack.allow_publishing(public)
    stack.routes(public, ["POST /forms/{form_id}/submissions"], public=True)
    stack.subscribe("FormsSubmitted", intake, pattern_of(FormSubmitted))
