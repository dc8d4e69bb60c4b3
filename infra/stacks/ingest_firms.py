"""The part of ingest's stack that knows firms and tells their people."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_

from infra.constructs.service_stack import ServiceStack, pattern_of
from infra.constructs.work_queue import WorkQueue
from services.shared.contracts.ingest import FirmChanged

SPREAD_SECONDS = 300
"""Some 100,000 members of one firm are told in it."""


def firms_table(stack: ServiceStack) -> dynamodb.Table:
    """The table of firms and their members."""
    return stack.table("Firms", partition_key="pk", sort_key="entry", stream=True)


def add_firms(stack: ServiceStack, firms: dynamodb.Table, intake: WorkQueue) -> None:
    """The routes, the function that tells members, and the rule that takes what they are told into `intake`."""
    function = stack.function("FirmsApi", handler="firms", settings={"firms_table": firms.table_name})
    firms.grant(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
    stack.routes(function, ["GET /firms/{firm_id}", "PUT /firms/{firm_id}"])
    teller = stack.publisher(
        "OnFirmsStream",
        handler="on_firms_stream",
        table=firms,
        settings={"firms_table": firms.table_name},
        timeout_seconds=SPREAD_SECONDS,
    )
    firms.grant(teller, "dynamodb:GetItem", "dynamodb:Query")
    stack.subscribe("FirmsChanged", intake, pattern_of(FirmChanged))


def let_hear(firms: dynamodb.Table, function: lambda_.Function) -> None:
    """What hears of firms in what people say."""
    firms.grant(function, "dynamodb:GetItem", "dynamodb:PutItem")
