"""The stack of journeys. The state machines themselves are made when a marketer publishes a version."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import ArnFormat, Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.alarms import raise_alarm
from infra.constructs.campaigns import Campaigns
from infra.constructs.freshness import watch_freshness
from infra.constructs.operations import Operations, operate_journeys
from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack, pattern_of
from infra.constructs.simulations import add_simulations
from infra.environment import Environment
from services.shared.contracts.ingest import AttributesChanged, ProfilesErased, ProfilesMerged
from services.shared.contracts.journeys import JourneyCalled
from services.shared.contracts.scoring import (
    EventHeard,
    ScoreChanged,
    SegmentEntered,
    SegmentExited,
    StageChanged,
    StrategyCellChanged,
    TraitsCarried,
    TriggerFired,
)
from services.shared.freshness import ENTERED

FACTS_SECONDS = 120
STEP_SECONDS = 300
LOCAL_LATE_SECONDS = 5
"""On one machine a batch takes a moment, and a run should not wait minutes for its last message."""

ROUTES = (
    "GET /journeys",
    "POST /journeys/validate",
    "GET /journeys/library",
    "GET /journeys/library/{name}",
    "GET /journeys/{name}",
    "PUT /journeys/{name}",
    "GET /journeys/{name}/draft",
    "PUT /journeys/{name}/draft",
    "POST /journeys/{name}/publish",
    "GET /journeys/{name}/versions/{version}",
    "GET /profiles/{profile_id}/journeys",
)


class JourneysStack(ServiceStack):
    """Facts fill cohorts, executions walk them, the runtime table's stream tells the others."""

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(scope, service="journeys", environment=environment)
        self._prefix = f"halte-{environment.stage}"
        self._definitions = self.table("Definitions", partition_key="pk", sort_key="sk", stream=True)
        self._runtime = self.table(
            "Runtime", partition_key="pk", sort_key="sk", stream=True, ttl="expires_at"
        )
        self._runtime.add_global_secondary_index(
            index_name="by_journey",
            partition_key=dynamodb.Attribute(name="live_of", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="live_due", type=dynamodb.AttributeType.STRING),
        )
        self._standings = self.table("Standings", partition_key="profile_id", ttl="expires_at")
        self._facts()
        self._plans = self.table("Plans", partition_key="pk", sort_key="sk", ttl="expires_at")
        step = self._step()
        self._role = self._machine_role(step)
        publishing = {
            "definitions_table": self._definitions.table_name,
            "plans_table": self._plans.table_name,
            "state_machine_prefix": self._prefix,
            "state_machine_role_arn": self._role.role_arn,
            "step_function_arn": step.function_arn,
        }
        self._marketers(publishing)
        Campaigns(
            self,
            plans=self._plans,
            tables=self._tables(),
            publishing=publishing,
            let_join=self._allow_entering,
            let_publish=self._allow_publishing_versions,
        )
        self._outbox()
        self._listening()
        self._person()
        self._failures()
        operate_journeys(self, self._operations())
        add_simulations(self, self._definitions)
        watch_freshness(self, ENTERED)

    def _facts(self) -> None:
        function = self.function(
            "OnFacts", handler="on_facts", settings=self._tables(), memory=1024, timeout_seconds=FACTS_SECONDS
        )
        self._allow_joining(function)
        self._definitions.grant(function, "dynamodb:Scan", "dynamodb:PutItem")
        self._standings.grant(function, "dynamodb:PutItem")
        self._allow_settling(function)
        self.react(
            function,
            facts=[
                AttributesChanged,
                EventHeard,
                JourneyCalled,
                ScoreChanged,
                SegmentEntered,
                SegmentExited,
                StageChanged,
                StrategyCellChanged,
                TraitsCarried,
                TriggerFired,
                ProfilesMerged,
            ],
            batch_size=20,
            timeout_seconds=FACTS_SECONDS,
        )
        later = LOCAL_LATE_SECONDS if self.halte.is_local else 2 * FACTS_SECONDS
        again = self.queue("LateFacts", timeout_seconds=FACTS_SECONDS, delay_seconds=later)
        for fact in (ProfilesMerged, ProfilesErased):
            self.subscribe(f"Late{fact.__name__}", again, pattern_of(fact))
        self.consume(function, again, batch_size=20)

    def _step(self) -> lambda_.Function:
        function = self.function(
            "OnStep",
            handler="on_step",
            settings=self._tables() | {"plans_table": self._plans.table_name},
            memory=1024,
            timeout_seconds=STEP_SECONDS,
        )
        self._allow_joining(function)
        self._runtime.grant(function, "dynamodb:Query")
        self._plans.grant(function, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem")
        return function

    def _machine_role(self, step: lambda_.Function) -> iam.Role:
        role = iam.Role(
            self,
            "StateMachineRole",
            assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
            description="What every journey runs as: it may call the one function that acts on a cohort",
        )
        role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[step.function_arn])
        )
        return role

    def _marketers(self, publishing: Mapping[str, str]) -> None:
        function = self.function(
            "Api",
            handler="api",
            settings={**publishing, "runtime_table": self._runtime.table_name},
        )
        self._allow_publishing_versions(function)
        self._runtime.grant(function, "dynamodb:Query")
        self._plans.grant(function, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem")
        self.routes(function, ROUTES)

    def _allow_publishing_versions(self, function: ServiceFunction) -> None:
        """What a new version of a journey needs, beside its place in the portfolio."""
        self._definitions.grant(
            function,
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:Scan",
            "dynamodb:Query",
            "dynamodb:PutItem",
        )
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["states:CreateStateMachine", "states:DescribeStateMachine", "states:TagResource"],
                resources=[self._state_machines()],
            )
        )
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[self._role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}},
            )
        )

    def _outbox(self) -> None:
        function = self.publisher(
            "OnRuntimeStream",
            handler="on_runtime_stream",
            table=self._runtime,
            settings={
                "definitions_table": self._definitions.table_name,
                "plans_table": self._plans.table_name,
            },
        )
        self._definitions.grant(function, "dynamodb:GetItem")
        self._plans.grant(
            function,
            "dynamodb:Query",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:BatchWriteItem",
        )

    def _listening(self) -> None:
        function = self.publisher(
            "OnDefinitionsStream",
            handler="on_definitions_stream",
            table=self._definitions,
            settings={"definitions_table": self._definitions.table_name},
        )
        self._definitions.grant(function, "dynamodb:Query", "dynamodb:GetItem")

    def _person(self) -> None:
        function = self.person(
            settings={
                "runtime_table": self._runtime.table_name,
                "standings_table": self._standings.table_name,
            }
        )
        self._runtime.grant(function, "dynamodb:UpdateItem")
        self._standings.grant(function, "dynamodb:BatchGetItem", "dynamodb:PutItem")
        self._allow_settling(function)

    def _failures(self) -> None:
        """Executions that fail for good leave people standing: AWS tells of them on the account's own bus."""
        function = self.function(
            "OnFailedExecution",
            handler="on_failed_execution",
            settings={"runtime_table": self._runtime.table_name},
            timeout_seconds=FACTS_SECONDS,
        )
        self._runtime.grant(
            function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:UpdateItem"
        )
        queue = self.queue("FailedExecutions", timeout_seconds=FACTS_SECONDS)
        self.subscribe(
            "FailedExecution",
            queue,
            events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                    "stateMachineArn": [{"prefix": self._state_machines().removesuffix("*")}],
                },
            ),
            default_bus=True,
        )
        self.consume(function, queue, batch_size=10)
        raise_alarm(
            function,
            "ExecutionsFail",
            self.alarms,
            queue.metric_number_of_messages_sent(period=Duration.minutes(5)),
            says="A journey's execution failed for good; its people left the journey as `failed`.",
        )

    def _allow_settling(self, function: ServiceFunction) -> None:
        """What emptying a profile that is gone needs beside writing walks."""
        self._runtime.grant(function, "dynamodb:Query", "dynamodb:DeleteItem")
        self._standings.grant(function, "dynamodb:GetItem")

    def _allow_joining(self, function: ServiceFunction) -> None:
        """What both doors to a cohort need: an event that lets people in, and a branch that sends them on."""
        self._definitions.grant(function, "dynamodb:GetItem", "dynamodb:BatchGetItem")
        self._runtime.grant(
            function,
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        )
        self._standings.grant(function, "dynamodb:BatchGetItem")
        function.add_to_role_policy(
            iam.PolicyStatement(actions=["states:StartExecution"], resources=[self._state_machines()])
        )

    def _operations(self) -> Operations:
        return Operations(
            definitions=self._definitions,
            runtime=self._runtime,
            plans=self._plans,
            settings={name: value for name, value in self._tables().items() if name != "standings_table"},
            state_machines=self._state_machines(),
        )

    def _allow_entering(self, function: ServiceFunction) -> None:
        """What letting people in needs beside joining: their standings are kept, and what they heard is looked at."""
        self._allow_joining(function)
        self._definitions.grant(function, "dynamodb:Scan", "dynamodb:BatchGetItem")
        self._runtime.grant(function, "dynamodb:Query")
        self._standings.grant(function, "dynamodb:PutItem")

    def _state_machines(self) -> str:
        return self.format_arn(
            service="states",
            resource="stateMachine",
            resource_name=f"{self._prefix}-*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _tables(self) -> dict[str, str]:
        return {
            "runtime_table": self._runtime.table_name,
            "standings_table": self._standings.table_name,
            "definitions_table": self._definitions.table_name,
        }
