"""What meets many at once: the plans table, the queue and worker of runs, the sweep, and the marketers' routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aws_cdk import aws_dynamodb as dynamodb

from infra.constructs.alarms import measured, raise_alarm
from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack
from services.journeys.domain.portfolio import MISSING
from services.shared.contracts.audience import audience_function
from services.shared.contracts.outcomes import outcomes_function
from services.shared.contracts.who import who_function

RUN_SECONDS = 300

ROUTES = (
    "GET /campaigns",
    "POST /campaigns/validate",
    "GET /campaigns/{name}",
    "PUT /campaigns/{name}",
    "GET /portfolio",
    "PUT /portfolio/settings",
    "POST /portfolio/queue",
    "DELETE /portfolio/queue/{name}",
    "GET /propositions",
    "PUT /propositions/{name}",
    "GET /world-events",
    "GET /world-events/{id}",
    "PUT /world-events/{id}",
    "DELETE /world-events/{id}",
    "POST /journeys/{name}/enter",
)


class Campaigns:
    """Add all of it to journeys' stack. `tables` are the settings of the three tables that people walk in, `publishing`
    those of whoever publishes; `let_join` and `let_publish` give the rights."""

    def __init__(
        self,
        stack: ServiceStack,
        *,
        plans: dynamodb.Table,
        tables: Mapping[str, str],
        publishing: Mapping[str, str],
        let_join: Callable[[ServiceFunction], None],
        let_publish: Callable[[ServiceFunction], None],
    ) -> None:
        self._stack = stack
        self._plans = plans
        self._tables = tables
        self._publishing = publishing
        self._let_join = let_join
        self._let_publish = let_publish
        self._audience = audience_function(stack.halte.stage)
        self._queue = stack.queue("Runs", timeout_seconds=RUN_SECONDS)
        self._worker()
        self._sweep()
        self._marketers()

    def _worker(self) -> None:
        function = self._stack.function(
            "OnRuns",
            handler="on_runs",
            settings={
                **self._tables,
                "plans_table": self._plans.table_name,
                "audience_function": self._audience,
                "runs_queue_url": self._queue.queue_url,
            },
            memory=1024,
            timeout_seconds=RUN_SECONDS,
        )
        self._let_join(function)
        self._plans.grant(function, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem")
        self._stack.allow_asking(function, self._audience)
        self._queue.grant(function, "sqs:SendMessage")
        self._stack.consume(function, self._queue, batch_size=1, max_concurrency=8, window_seconds=0)
        function.let_go_in_rounds()

    def _sweep(self) -> None:
        outcomes = outcomes_function(self._stack.halte.stage)
        function = self._stack.function(
            "Occasions",
            handler="occasions",
            settings={
                **self._publishing,
                "audience_function": self._audience,
                "outcomes_function": outcomes,
                "runs_queue_url": self._queue.queue_url,
            },
            timeout_seconds=55,
        )
        self._let_publish(function)
        self._plans.grant(
            function,
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:Query",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        )
        self._stack.allow_asking(function, self._audience)
        self._stack.allow_asking(function, outcomes)
        self._queue.grant(function, "sqs:SendMessage")
        self._stack.schedule(function, "rate(1 minute)")
        self._alarm(function)

    def _alarm(self, function: ServiceFunction) -> None:
        raise_alarm(
            function,
            "TooFewCampaigns",
            self._stack.alarms,
            measured(self._stack.service, MISSING, "Minimum", minutes=15),
            periods=4,
            says="Fewer current campaigns are live than the portfolio's settings ask for.",
        )

    def _marketers(self) -> None:
        who = who_function(self._stack.halte.stage)
        function = self._stack.function(
            "CampaignsApi",
            handler="campaigns",
            settings={
                **self._publishing,
                **self._tables,
                "audience_function": self._audience,
                "who_function": who,
            },
        )
        self._let_join(function)
        self._let_publish(function)
        self._plans.grant(
            function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem"
        )
        self._plans.grant(function, "dynamodb:DeleteItem")
        self._stack.allow_asking(function, self._audience)
        self._stack.allow_asking(function, who)
        self._stack.routes(function, ROUTES)
