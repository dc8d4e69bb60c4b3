"""Delivery's channels beside e-mail and text messages: push, letters, calls, wallet passes, webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from infra.constructs.service_function import ServiceFunction
from services.shared.contracts.delivery import PassUpdateRequested
from services.shared.contracts.journeys import JourneyTaskRequested
from services.shared.contracts.loyalty import LoyaltyBalanceChanged
from services.shared.contracts.scoring import TaskRequested

if TYPE_CHECKING:
    from infra.stacks.delivery import DeliveryStack

LOCAL_PUSH_APPLICATION = "local"
ORDERS = "print-orders/"
REPORTS = "print-status/"
ORDER_SECONDS = 300
TELL_SECONDS = 120
"""Ten updates to one slow issuer, eight seconds each, and time to note how it went."""

INBOUND_ROUTES = ("PUT /inbound/{slot}", "GET /inbound/{slot}")
ROUTES = (
    "GET /channels",
    "PUT /channels",
    "GET /channels/prices",
    "PUT /channels/prices",
    "POST /channels/{channel}/secret/rotate",
    "GET /tasks",
    "GET /tasks/{task_id}",
    "POST /tasks/{task_id}/done",
    "POST /tasks/{task_id}/failed",
    "GET /print-orders",
    "GET /print-orders/{day}",
    "POST /print-orders/{day}/status",
    "POST /wallet-passes",
)


class Channels:
    """What they need beside the tables that all of delivery shares.

    Context: `push_application_id` is End User Messaging's application that pushes (none by default: then only SNS
    endpoints are reached), `channel_places` the `host:port`s that the guard of webhooks lets be (at the local stage
    only).
    """

    def __init__(self, stack: DeliveryStack) -> None:
        self._stack = stack
        self._messages, self._gates, self._templates = stack.messages, stack.gates, stack.templates
        self.work = self._work_table()
        self._secret = secretsmanager.Secret(
            stack,
            "ChannelSecret",
            description="The secrets by which receivers of channels know us are derived from it",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                exclude_punctuation=True, password_length=48
            ),
            removal_policy=stack.halte.removal_policy,
        )
        given = str(stack.node.try_get_context("push_application_id") or "")
        self._application = given or (LOCAL_PUSH_APPLICATION if stack.halte.is_local else "")
        places = str(stack.node.try_get_context("channel_places") or "") if stack.halte.is_local else ""
        self._told = {
            "work_table": self.work.table_name,
            "channel_secret_arn": self._secret.secret_arn,
            "channel_places": places,
        }
        self._routes()
        self._inbound()
        self._intake()
        self._outbox()
        self._wallet()
        self._orders()

    @property
    def settings(self) -> dict[str, str]:
        """Of a function that sends."""
        return {**self._told, "push_application_id": self._application}

    def allow_sending(self, function: ServiceFunction) -> None:
        """Let `function` push to devices, by that application and to the endpoints of this account in SNS, and leave
        work for others."""
        place = f"{Aws.REGION}:{Aws.ACCOUNT_ID}"
        if self._application:
            function.add_to_role_policy(
                iam.PolicyStatement(
                    actions=["mobiletargeting:SendMessages"],
                    resources=[
                        f"arn:{Aws.PARTITION}:mobiletargeting:{place}:apps/{self._application}/messages"
                    ],
                )
            )
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"], resources=[f"arn:{Aws.PARTITION}:sns:{place}:endpoint/*"]
            )
        )
        self.work.grant(function, "dynamodb:PutItem")
        self._secret.grant_read(function)

    def allow_forgetting(self, function: ServiceFunction) -> None:
        """Let `function` read and remove what is kept of a person."""
        self.work.grant(function, "dynamodb:Query", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem")

    def _work_table(self) -> dynamodb.Table:
        table = self._stack.table("Work", partition_key="pk", sort_key="sk", stream=True)
        for name, partition in (("open", "open_partition"), ("by_profile", "profile_id")):
            table.add_global_secondary_index(
                index_name=name,
                partition_key=dynamodb.Attribute(name=partition, type=dynamodb.AttributeType.STRING),
                sort_key=dynamodb.Attribute(name="at", type=dynamodb.AttributeType.STRING),
                projection_type=dynamodb.ProjectionType.ALL,
            )
        return table

    def _routes(self) -> None:
        function = self._stack.function(
            "ChannelsApi",
            handler="channels",
            settings={**self._told, **self._tables, "orders_bucket": self._stack.lake_bucket_name},
        )
        self.work.grant(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
        self._templates.grant(function, "dynamodb:GetItem", "dynamodb:PutItem")
        self._secret.grant_read(function)
        self._let_note(function)
        self._let_use_orders(function, "s3:GetObject")
        self._stack.routes(function, ROUTES)

    def _inbound(self) -> None:
        """A function of its own: somebody waits for its answer."""
        function = self._stack.function(
            "Inbound",
            handler="inbound",
            settings={
                **self._tables,
                "products_table": self._stack.products.table_name,
                "address_secret_arn": self._stack.address_secret.secret_arn,
            },
            memory=1024,
        )
        self._messages.grant(function, "dynamodb:PutItem")
        self._gates.grant(function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")
        self._templates.grant(function, "dynamodb:GetItem", "dynamodb:PutItem")
        self._stack.products.grant(function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")
        self._stack.address_secret.grant_read(function)
        self._stack.routes(function, INBOUND_ROUTES)

    def _intake(self) -> None:
        function = self._stack.function(
            "OnWork",
            handler="on_work",
            settings={"work_table": self.work.table_name, "gates_table": self._gates.table_name},
        )
        self.work.grant(function, "dynamodb:PutItem")
        self._gates.grant(function, "dynamodb:BatchGetItem")
        self._stack.react(
            function, facts=[TaskRequested, JourneyTaskRequested, LoyaltyBalanceChanged], batch_size=20
        )

    def _outbox(self) -> None:
        function = self._stack.publisher(
            "OnWorkStream",
            handler="on_work_stream",
            table=self.work,
            settings={"gates_table": self._gates.table_name},
        )
        self._gates.grant(function, "dynamodb:BatchGetItem")

    def _wallet(self) -> None:
        function = self._stack.function(
            "OnPassUpdates",
            handler="on_pass_updates",
            settings={**self._told, "templates_table": self._templates.table_name},
            timeout_seconds=TELL_SECONDS,
        )
        self.work.grant(function, "dynamodb:GetItem")
        self._templates.grant(function, "dynamodb:GetItem")
        self._secret.grant_read(function)
        self._stack.react(function, facts=[PassUpdateRequested], batch_size=10, timeout_seconds=TELL_SECONDS)

    def _orders(self) -> None:
        function = self._stack.function(
            "OrderLetters",
            handler="order_letters",
            settings={
                **self._tables,
                "work_table": self.work.table_name,
                "orders_bucket": self._stack.lake_bucket_name,
            },
            memory=1024,
            timeout_seconds=ORDER_SECONDS,
        )
        self.work.grant(function, "dynamodb:Query", "dynamodb:BatchWriteItem")
        self._templates.grant(function, "dynamodb:GetItem")
        self._let_use_orders(function, "s3:GetObject", "s3:PutObject")
        self._let_note(function)
        self._stack.allow_objects(
            function,
            ["s3:GetObject", "s3:DeleteObject"],
            [REPORTS],
            listed=True,
            why="A printer names its files; they stand under one prefix of the lake's bucket.",
        )
        self._stack.schedule(function, "rate(1 day)")
        self._stack.schedule(function, "rate(15 minutes)", says={"take": "reports"})

    @property
    def _tables(self) -> dict[str, str]:
        return {
            "messages_table": self._messages.table_name,
            "gates_table": self._gates.table_name,
            "templates_table": self._templates.table_name,
        }

    def _let_note(self, function: ServiceFunction) -> None:
        """What comes back of letters and calls is feedback like any."""
        self._messages.grant(function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem")
        self._gates.grant(
            function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchGetItem"
        )

    def _let_use_orders(self, function: ServiceFunction, *actions: str) -> None:
        why = "Order files are named by day, under one prefix of the lake's bucket."
        self._stack.allow_objects(function, actions, [ORDERS], listed=True, why=why)
