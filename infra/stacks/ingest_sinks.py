"""The part of ingest's stack that passes changes on to sinks."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack
from services.shared.contracts.ingest import ProfilesChanged, ProfilesErased, ProfilesMerged
from services.shared.contracts.journeys import SinkCallRequested
from services.shared.contracts.scoring import ArrivalsAskedFor

DELIVERY_SECONDS = 120
"""Ten deliveries to one slow sink, eight seconds each, and time to note how it went."""

ROUTES = (
    "GET /sinks",
    "PUT /sinks/{sink_id}",
    "GET /sinks/{sink_id}",
    "DELETE /sinks/{sink_id}",
    "POST /sinks/{sink_id}/secret/rotate",
)


def sinks_table(stack: ServiceStack) -> dynamodb.Table:
    """The registry."""
    return stack.table("Sinks", partition_key="pk")


def add_sinks(stack: ServiceStack, sinks: dynamodb.Table) -> None:
    """The routes of the registry, the fan-out, the deliverer and the sweep.

    Context: `sink_buses` lists the ARNs of event buses that may be written to (none by default), `sink_places` the
    `host:port`s that the guard of webhooks lets be (at the local stage only).
    """
    _Sinks(stack, sinks)


class _Sinks:
    def __init__(self, stack: ServiceStack, sinks: dynamodb.Table) -> None:
        self._stack = stack
        self._sinks = sinks
        self._forwarding = stack.table("Forwarding", partition_key="pk", sort_key="sk", ttl="expires_at")
        self._forwarding.add_global_secondary_index(
            index_name="by_sink",
            partition_key=dynamodb.Attribute(name="parked_sink", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="parked_order", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        self._queue = stack.queue("Deliveries", timeout_seconds=DELIVERY_SECONDS)
        self._buses = str(stack.node.try_get_context("sink_buses") or "")
        places = str(stack.node.try_get_context("sink_places") or "") if stack.halte.is_local else ""
        self._secret = secretsmanager.Secret(
            stack,
            "SinkSecret",
            description="The secrets of webhooks are derived from it",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                exclude_punctuation=True, password_length=48
            ),
            removal_policy=stack.halte.removal_policy,
        )
        self._common = {
            "sinks_table": self._sinks.table_name,
            "sink_secret_arn": self._secret.secret_arn,
        }
        self._guard = {"sink_places": places, "sink_buses": self._buses}
        self._routes()
        self._fan_out()
        self._deliverer()

    def _routes(self) -> None:
        function = self._stack.function("SinksApi", handler="sinks", settings={**self._common, **self._guard})
        self._sinks.grant(
            function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Scan"
        )
        self._secret.grant_read(function)
        self._stack.routes(function, ROUTES)

    def _fan_out(self) -> None:
        function = self._stack.function(
            "ToSinks",
            handler="on_profiles_changed",
            settings={
                **self._common,
                "forwarding_table": self._forwarding.table_name,
                "deliveries_url": self._queue.queue_url,
            },
        )
        self._sinks.grant(function, "dynamodb:Scan", "dynamodb:PutItem")
        self._forwarding.grant(
            function,
            *("dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:ConditionCheckItem"),
            *("dynamodb:DeleteItem", "dynamodb:Query"),
        )
        self._queue.grant(function, "sqs:SendMessage")
        self._secret.grant_read(function)
        self._stack.react(
            function,
            facts=[ProfilesChanged, ProfilesMerged, ProfilesErased, SinkCallRequested, ArrivalsAskedFor],
            batch_size=20,
        )

    def _deliverer(self) -> None:
        settings = {
            **self._common,
            **self._guard,
            "forwarding_table": self._forwarding.table_name,
            "deliveries_url": self._queue.queue_url,
        }
        on_deliveries = self._function("OnDeliveries", "on_deliveries", settings)
        self._queue.grant(on_deliveries, "sqs:ChangeMessageVisibility")
        self._stack.consume(on_deliveries, self._queue, batch_size=10, max_concurrency=10, window_seconds=0)
        sweep = self._function("SweepSinks", "sweep_sinks", settings)
        self._sinks.grant(sweep, "dynamodb:Scan", "dynamodb:DeleteItem")
        self._forwarding.grant(sweep, "dynamodb:Query", "dynamodb:DeleteItem")
        self._queue.grant(sweep, "sqs:SendMessage")
        self._stack.schedule(sweep, "rate(1 minute)")

    def _function(self, id: str, handler: str, settings: dict[str, str]) -> ServiceFunction:
        function = self._stack.function(
            id, handler=handler, settings=settings, timeout_seconds=DELIVERY_SECONDS
        )
        self._sinks.grant(function, "dynamodb:GetItem", "dynamodb:PutItem")
        self._forwarding.grant(
            function, "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:ConditionCheckItem"
        )
        self._secret.grant_read(function)
        if self._buses:
            function.add_to_role_policy(
                iam.PolicyStatement(
                    actions=["events:PutEvents"],
                    resources=[bus.strip() for bus in self._buses.split(",")],
                    conditions={"StringEquals": {"events:source": "halte.ingest"}},
                )
            )
        return function
