"""Running journeys: the marketers' routes for it, the chores that these lead to, and the regular look at everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

from infra.constructs.alarms import measured, raise_alarm
from infra.constructs.service_stack import ServiceStack
from infra.constructs.work_queue import WorkQueue
from services.journeys.ports.running import STUCK_METRIC

CHORE_SECONDS = 300

ROUTES = (
    *(f"POST /journeys/{{name}}/{verb}" for verb in ("pause", "resume", "stop", "migrate")),
    "POST /journeys/{name}/splits/{node}/winner",
    *(f"GET /journeys/{{name}}/{noun}" for noun in ("diff", "status", "participants")),
    "GET /journeys/report",
    "GET /journeys/{name}/experiments",
    "GET /profiles/{profile_id}/journeys/{name}/trace",
    "POST /portfolio/pause",
    "POST /portfolio/resume",
    "GET /portfolio/pauses",
)


@dataclass(frozen=True)
class Operations:
    """What running journeys uses: their tables, what functions are told of these, and where executions start."""

    definitions: dynamodb.Table
    runtime: dynamodb.Table
    plans: dynamodb.Table
    settings: Mapping[str, str]
    state_machines: str


def operate_journeys(stack: ServiceStack, uses: Operations) -> None:
    """Add the routes, the queue of chores with its worker, the hourly sweep, and an alarm on stuck cohorts."""
    chores = stack.queue("Chores", timeout_seconds=CHORE_SECONDS)
    settings = {**uses.settings, "chores_url": chores.queue_url}
    _routes(stack, uses, chores, settings)
    _worker(stack, uses, chores, settings)
    _sweep(stack, uses, chores)
    raise_alarm(
        stack,
        "CohortsAreStuck",
        stack.alarms,
        measured(stack.service, STUCK_METRIC, "Maximum", minutes=60),
        says="People in a journey wait for what should have happened over an hour ago.",
    )


def _routes(stack: ServiceStack, uses: Operations, chores: WorkQueue, settings: Mapping[str, str]) -> None:
    function = stack.function(
        "Operations", handler="operations", settings={**settings, "plans_table": uses.plans.table_name}
    )
    uses.plans.grant(function, "dynamodb:PutItem", "dynamodb:BatchGetItem")
    uses.definitions.grant(
        function,
        "dynamodb:GetItem",
        "dynamodb:BatchGetItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:PutItem",
    )
    uses.runtime.grant(function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")
    _allow_sending(function, chores)
    stack.routes(function, ROUTES)


def _worker(stack: ServiceStack, uses: Operations, chores: WorkQueue, settings: Mapping[str, str]) -> None:
    function = stack.function(
        "OnChores", handler="on_chores", settings=settings, memory=1024, timeout_seconds=CHORE_SECONDS
    )
    uses.definitions.grant(
        function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem"
    )
    uses.runtime.grant(
        function,
        "dynamodb:GetItem",
        "dynamodb:BatchGetItem",
        "dynamodb:Query",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    )
    function.add_to_role_policy(
        iam.PolicyStatement(actions=["states:StartExecution"], resources=[uses.state_machines])
    )
    _allow_sending(function, chores)
    stack.consume(function, chores, batch_size=1)
    function.let_go_in_rounds()


def _sweep(stack: ServiceStack, uses: Operations, chores: WorkQueue) -> None:
    told = {"definitions_table": uses.definitions.table_name, "chores_url": chores.queue_url}
    function = stack.function("Sweep", handler="sweep", settings=told, timeout_seconds=60)
    uses.definitions.grant(function, "dynamodb:GetItem", "dynamodb:Scan")
    _allow_sending(function, chores)
    stack.schedule(function, "rate(1 hour)")


def _allow_sending(function: iam.IGrantable, chores: WorkQueue) -> None:
    iam.Grant.add_to_principal(
        grantee=function, actions=["sqs:SendMessage"], resource_arns=[chores.queue_arn]
    )
