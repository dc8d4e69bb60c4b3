"""Loyalty points: their table, the routes, and the outbox. What customers do comes in by the reactor of scoring, and
what time does by its sweep: functions of their own would read every change once more."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_dynamodb as dynamodb

from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack

ROUTES = (
    "GET /loyalty/programme",
    "PUT /loyalty/programme",
    "GET /loyalty/{profile_id}",
    "POST /loyalty/{profile_id}/burn",
    "POST /loyalty/{profile_id}/adjust",
    "POST /loyalty/{profile_id}/referral-code",
)


class Loyalty:
    """All of it."""

    def __init__(self, stack: ServiceStack, standings: dynamodb.Table, consents: dynamodb.Table) -> None:
        self._table = stack.table("Loyalty", partition_key="profile_id", stream=True, ttl="expires_at")
        self._table.add_global_secondary_index(
            index_name="due",
            partition_key=dynamodb.Attribute(name="due_shard", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="due_at", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        api = stack.function(
            "LoyaltyApi",
            handler="loyalty",
            settings={
                **self.settings,
                "standings_table": standings.table_name,
                "consents_table": consents.table_name,
            },
        )
        self._table.grant(api, "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem")
        standings.grant(api, "dynamodb:BatchGetItem")
        stack.routes(api, ROUTES)
        stack.publisher(
            "OnLoyaltyStream",
            handler="on_loyalty_stream",
            table=self._table,
            settings={},
            speaks_as="loyalty",
        )

    @property
    def settings(self) -> Mapping[str, str]:
        """Of a function that keeps accounts."""
        return {"loyalty_table": self._table.table_name}

    def let_keep(self, function: ServiceFunction) -> None:
        """Let `function` change accounts, and let go of them with their codes."""
        self._table.grant(
            function, "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"
        )

    def let_sweep(self, function: ServiceFunction) -> None:
        """Let `function` settle accounts that time alone changes."""
        self._table.grant(
            function, "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"
        )
