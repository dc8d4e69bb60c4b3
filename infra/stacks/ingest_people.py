"""The part of ingest's stack that shows, exports and forgets people."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from infra.constructs.freshness import watch_freshness
from infra.constructs.service_stack import ServiceStack
from infra.discovery import Announced
from services.ingest.domain.lake import RAW
from services.shared.contracts.history import history_function
from services.shared.contracts.who import who_function
from services.shared.freshness import APPLIED, TOLD

PERSON_FUNCTIONS: dict[str, Announced] = {
    "consent": "person-consent",
    "delivery": "person-delivery",
    "journeys": "person-journeys",
    "scoring": "person-scoring",
}
"""Services that answer about a person, and where their function is announced."""

ROUND_SECONDS = 300


class People:
    """Functions, table and queue of the single customer view; `compact` is the function by which what is in the lake
    is read and forgotten."""

    def __init__(
        self,
        stack: ServiceStack,
        *,
        identities: dynamodb.Table,
        profiles: dynamodb.Table,
        parts: dynamodb.Table,
        erasures: dynamodb.Table,
        firms: dynamodb.Table,
        compact: lambda_.Function,
    ) -> None:
        self._stack = stack
        self._identities = identities
        self._profiles = profiles
        self._parts = parts
        self._compact = compact
        self._functions = {service: stack.discover(name) for service, name in PERSON_FUNCTIONS.items()}
        self._erasures = erasures
        self._firms = firms
        self._queue = stack.queue("ErasureQueue", timeout_seconds=ROUND_SECONDS)
        self._export_queue = stack.queue("ExportQueue", timeout_seconds=ROUND_SECONDS)
        _index_beginnings(identities)
        self._view()
        self._history()
        self._who()
        self._export_worker()
        self._desk()
        self._worker()
        watch_freshness(stack, APPLIED, TOLD)

    def _history(self) -> None:
        """Its name is known beforehand to those who ask: they are deployed first."""
        function = self._stack.function(
            "History",
            handler="history",
            settings={
                "profiles_table": self._profiles.table_name,
                "profile_parts_table": self._parts.table_name,
            },
            memory=1024,
            timeout_seconds=60,
            name=history_function(self._stack.halte.stage),
        )
        self._profiles.grant(function, "dynamodb:BatchGetItem")
        self._parts.grant(function, "dynamodb:BatchGetItem", "dynamodb:Query")

    def _who(self) -> None:
        """Its name is known beforehand as well."""
        function = self._stack.function(
            "Who", handler="who", settings=self._tables(), name=who_function(self._stack.halte.stage)
        )
        self._let_read(function)

    def _view(self) -> None:
        function = self._stack.function(
            "SingleView",
            handler="profiles",
            settings=self._export_settings(),
            memory=1024,
        )
        self._let_read(function)
        self._identities.grant(function, "dynamodb:Query")
        self._let_export(function)
        under = "/profiles/{identifier}"
        self._stack.routes(
            function,
            [
                "GET /profiles",
                f"GET {under}",
                *(f"GET {under}/{part}" for part in ("timeline", "sessions", "records/{type}", "export")),
            ],
        )

    def _export_worker(self) -> None:
        function = self._stack.function(
            "OnExports",
            handler="on_exports",
            settings=self._export_settings(),
            memory=1024,
            timeout_seconds=ROUND_SECONDS,
        )
        self._let_read(function)
        self._let_export(function)
        self._let_use_exports(function, "s3:DeleteObject")
        self._stack.consume(function, self._export_queue, batch_size=1, max_concurrency=2, window_seconds=0)
        function.let_go_in_rounds()

    def _export_settings(self) -> dict[str, str]:
        return {
            **self._tables(),
            "lake_bucket": self._stack.lake_bucket_name,
            "compact_function": self._compact.function_arn,
            "person_functions": self._stack.to_json_string(self._functions),
            "exports_queue_url": self._export_queue.queue_url,
        }

    def _let_export(self, function: lambda_.Function) -> None:
        self._parts.grant(function, "dynamodb:BatchGetItem", "dynamodb:Query")
        self._let_ask(function)
        self._let_use_exports(function, "s3:GetObject", "s3:PutObject", listed=True)
        self._export_queue.grant(function, "sqs:SendMessage")

    def _let_use_exports(self, function: lambda_.Function, *actions: str, listed: bool = False) -> None:
        why = "Exports are named by profile, under one prefix of the lake's bucket."
        self._stack.allow_objects(function, actions, ["exports/"], listed=listed, why=why)

    def _desk(self) -> None:
        function = self._stack.function(
            "ErasureDesk",
            handler="erasures",
            settings={
                **self._tables(),
                "erasures_table": self._erasures.table_name,
                "erasures_queue_url": self._queue.queue_url,
            },
        )
        self._let_read(function)
        self._parts.grant(function, "dynamodb:BatchGetItem")
        self._erasures.grant(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
        self._queue.grant(function, "sqs:SendMessage")
        self._stack.routes(
            function,
            [
                "POST /profiles/{identifier}/erasure",
                "GET /erasures/{erasure_id}",
                "POST /erasures/{erasure_id}/repetitions",
            ],
        )

    def _worker(self) -> None:
        function = self._stack.function(
            "OnErasures",
            handler="on_erasures",
            settings={
                **self._tables(),
                "erasures_table": self._erasures.table_name,
                "erasures_queue_url": self._queue.queue_url,
                "address_secret_arn": self._stack.address_secret.secret_arn,
                "lake_bucket": self._stack.lake_bucket_name,
                "compact_function": self._compact.function_arn,
                "bus_name": self._stack.bus_name,
                "person_functions": self._stack.to_json_string(self._functions),
                "firms_table": self._firms.table_name,
            },
            memory=1024,
            timeout_seconds=ROUND_SECONDS,
        )
        self._let_read(function)
        self._identities.grant(function, "dynamodb:DeleteItem", "dynamodb:PutItem")
        self._profiles.grant(function, "dynamodb:PutItem")
        self._parts.grant(function, "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:BatchWriteItem")
        self._erasures.grant(
            function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"
        )
        self._firms.grant(function, "dynamodb:Query", "dynamodb:BatchWriteItem")
        self._queue.grant(function, "sqs:SendMessage")
        self._stack.address_secret.grant_read(function)
        self._stack.allow_publishing(function)
        self._let_ask(function)
        self._let_use_exports(function, "s3:DeleteObject", listed=True)
        # Acknowledged for the stack with the lake's other writers.
        self._allow(function, ["s3:PutObject"], [self._stack.lake.arn_for_objects(f"{RAW}*")])
        self._stack.consume(function, self._queue, batch_size=1, max_concurrency=2)
        function.let_go_in_rounds()

    def _tables(self) -> dict[str, str]:
        return {
            "identities_table": self._identities.table_name,
            "profiles_table": self._profiles.table_name,
            "profile_parts_table": self._parts.table_name,
        }

    def _let_read(self, function: lambda_.Function) -> None:
        self._identities.grant(function, "dynamodb:BatchGetItem")
        self._profiles.grant(function, "dynamodb:BatchGetItem")

    def _let_ask(self, function: lambda_.Function) -> None:
        functions = [*self._functions.values(), self._compact.function_arn]
        self._allow(function, ["lambda:InvokeFunction"], functions)

    def _allow(self, function: lambda_.Function, actions: Sequence[str], resources: Sequence[str]) -> None:
        function.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=list(resources)))


def _index_beginnings(identities: dynamodb.Table) -> None:
    """Sparse, keys only: it is written when an identifier is claimed, and by no event after that."""
    identities.add_global_secondary_index(
        index_name="by-beginning",
        partition_key=dynamodb.Attribute(name="beginning", type=dynamodb.AttributeType.STRING),
        sort_key=dynamodb.Attribute(name="folded", type=dynamodb.AttributeType.STRING),
        projection_type=dynamodb.ProjectionType.KEYS_ONLY,
    )
