"""The part of ingest's stack that says what may be known of people."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb

from infra.constructs.service_stack import ServiceStack


def add_attributes(stack: ServiceStack) -> dynamodb.Table:
    """Add the registry of attributes: its table (whose stream tells the others), publisher and routes."""
    table = stack.table("Attributes", partition_key="pk", stream=True, ttl="expires_at")
    function = stack.function(
        "AttributeRegistry", handler="attributes", settings={"attributes_table": table.table_name}
    )
    table.grant(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan")
    stack.routes(
        function,
        ["GET /attributes", "PUT /attributes", "PUT /attributes/{name}", "DELETE /attributes/{name}"],
    )
    stack.publisher("OnAttributesStream", handler="on_attributes_stream", table=table, settings={})
    return table
