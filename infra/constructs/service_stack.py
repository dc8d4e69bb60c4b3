"""The stack of one service: the right way to make a table, a reactor, a publisher or a route is one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Acknowledgment, ArnFormat, CfnOutput, Duration, Validations
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from infra.constructs.alarms import raise_alarm
from infra.constructs.on_platform import OnPlatform
from infra.constructs.service_function import ServiceFunction
from infra.constructs.work_queue import DeadLetterQueue, WorkQueue
from infra.discovery import Announced
from infra.environment import Environment
from services.shared.contracts.base import Fact

_PERSON: Mapping[str, Announced] = {
    "scoring": "person-scoring",
    "journeys": "person-journeys",
    "delivery": "person-delivery",
    "consent": "person-consent",
}


class ServiceStack(OnPlatform):
    """Everything a service owns. It meets the others only on the bus."""

    def __init__(self, scope: Construct, *, service: str, environment: Environment) -> None:
        super().__init__(
            scope,
            f"halte-{environment.stage}-{service}",
            environment=environment,
            description=f"Halte: {service} ({environment.stage})",
        )
        self.service = service

    def table(
        self,
        id: str,
        *,
        partition_key: str,
        sort_key: str | None = None,
        stream: bool = False,
        ttl: str | None = None,
    ) -> dynamodb.Table:
        """An on-demand table with point-in-time recovery; `ttl` names the attribute (epoch seconds)."""
        table = dynamodb.Table(
            self,
            id,
            partition_key=_text(partition_key),
            sort_key=_text(sort_key) if sort_key else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES if stream else None,
            time_to_live_attribute=ttl,
            deletion_protection=not self.halte.is_local,
            removal_policy=self.halte.removal_policy,
        )
        CfnOutput(self, f"{id}Table", value=table.table_name)
        return table

    def function(
        self,
        id: str,
        *,
        handler: str,
        settings: Mapping[str, str],
        memory: int = 512,
        timeout_seconds: int = 30,
        wheels: str = "",
        disk: int = 512,
        name: str | None = None,
    ) -> ServiceFunction:
        """A function of this service; `handler` is a module of its `handlers`, the rest as `ServiceFunction` has it."""
        return ServiceFunction(
            self,
            id,
            environment=self.halte,
            service=self.service,
            handler=handler,
            settings=settings,
            memory=memory,
            timeout_seconds=timeout_seconds,
            wheels=wheels,
            disk=disk,
            name=name,
        )

    def person(self, *, settings: Mapping[str, str], timeout_seconds: int = 60) -> ServiceFunction:
        """The function that answers for this service what it holds of one person, or erases it; its ARN is
        announced, and it is only ever invoked directly."""
        function = self.function(
            "Person", handler="person", settings=settings, timeout_seconds=timeout_seconds
        )
        self.announce(_PERSON[self.service], function.function_arn)
        return function

    def queue(self, id: str, *, timeout_seconds: int = 30, delay_seconds: int = 0) -> WorkQueue:
        """A work queue with its dead letters; `timeout_seconds` is that of the function that works it off, and
        `delay_seconds` how long each message waits at first."""
        return WorkQueue(
            self, id, alarms=self.alarms, timeout_seconds=timeout_seconds, delay_seconds=delay_seconds
        )

    def consume(
        self,
        function: lambda_.Function,
        queue: WorkQueue,
        *,
        batch_size: int = 50,
        max_concurrency: int = 5,
        window_seconds: int = 1,
    ) -> None:
        """Let `function` work off `queue` in batches, answering for each message."""
        function.add_event_source(
            sources.SqsEventSource(
                queue,
                batch_size=batch_size,
                max_batching_window=Duration.seconds(window_seconds),
                max_concurrency=max_concurrency,
                report_batch_item_failures=True,
            )
        )

    def subscribe(
        self, id: str, queue: WorkQueue, pattern: events.EventPattern, *, default_bus: bool = False
    ) -> events.Rule:
        """Route what matches `pattern` on the bus (or the account's `default_bus`, where AWS itself speaks) into
        `queue`; what EventBridge can't deliver is kept as well."""
        rule = events.Rule(self, id, event_bus=None if default_bus else self.bus, event_pattern=pattern)
        rule.add_target(
            targets.SqsQueue(
                queue,
                dead_letter_queue=queue.dead_letters,
                retry_attempts=185,
                max_event_age=Duration.hours(24),
            )
        )
        return rule

    def react(
        self,
        function: lambda_.Function,
        *,
        facts: Sequence[type[Fact]],
        batch_size: int = 50,
        max_concurrency: int = 5,
        window_seconds: int = 1,
        timeout_seconds: int = 30,
    ) -> WorkQueue:
        """Let `function` react to `facts`: bus rule, queue, dead letters, batches."""
        queue = self.queue(f"{function.node.id}Queue", timeout_seconds=timeout_seconds)
        for fact in facts:
            self.subscribe(f"{function.node.id}{fact.__name__}", queue, pattern_of(fact))
        self.consume(
            function,
            queue,
            batch_size=batch_size,
            max_concurrency=max_concurrency,
            window_seconds=window_seconds,
        )
        return queue

    def publisher(
        self,
        id: str,
        *,
        handler: str,
        table: dynamodb.Table,
        settings: Mapping[str, str],
        speaks_as: str = "",
        memory: int = 512,
        timeout_seconds: int = 30,
        batch_size: int = 100,
        gather_seconds: int = 0,
    ) -> ServiceFunction:
        """A function that turns the changes of `table` into facts on the bus: the outbox. Where changes are many it may
        gather them for some seconds, because what it writes is paid for by the batch.

        The whole batch is retried until it goes through (a change is never skipped), for as long as the stream
        keeps it; then its position goes to a dead-letter queue. `speaks_as` is in whose name the facts are, where
        that is not the service's own.
        """
        function = self.function(
            id,
            handler=handler,
            settings={"bus_name": self.bus_name, **settings},
            memory=memory,
            timeout_seconds=timeout_seconds,
        )
        self.allow_publishing(function, speaks_as)
        function.add_event_source(
            sources.DynamoEventSource(
                table,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=batch_size,
                max_batching_window=(
                    Duration.seconds(gather_seconds) if gather_seconds and not self.halte.is_local else None
                ),
                bisect_batch_on_error=False,
                report_batch_item_failures=True,
                retry_attempts=1000,
                max_record_age=Duration.minutes(10) if self.halte.is_local else Duration.hours(23),
                on_failure=sources.SqsDlq(DeadLetterQueue(self, f"{id}DeadLetters", alarms=self.alarms)),
            )
        )
        raise_alarm(
            function,
            "Behind",
            self.alarms,
            function.metric("IteratorAge", statistic="Maximum", period=Duration.minutes(5)),
            threshold=Duration.minutes(15).to_milliseconds(),
            says="Facts are published late: a batch of the stream keeps failing.",
        )
        return function

    def allow_publishing(self, function: lambda_.Function, speaks_as: str = "") -> None:
        """Let `function` put events on the bus, in this service's own name only, or in that of a part of it."""
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["events:PutEvents"],
                resources=[self.bus.event_bus_arn],
                conditions={"StringEquals": {"events:source": f"halte.{speaks_as or self.service}"}},
            )
        )

    def allow_asking(self, function: lambda_.Function, name: str) -> None:
        """Let `function` invoke the function called `name`, of this service or another."""
        arn = self.format_arn(
            service="lambda",
            resource="function",
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        function.add_to_role_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[arn]))

    def allow_objects(
        self,
        function: lambda_.Function,
        actions: Sequence[str],
        prefixes: Sequence[str],
        *,
        why: str,
        listed: bool = False,
    ) -> None:
        """Let `function` do this to what the lake's bucket has under `prefixes`, and list it where it is `listed`;
        `why` tells auditors what a prefix bounds. Who signs links to objects needs the rights that they give."""
        under = [f"{prefix}*" for prefix in prefixes]
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=list(actions), resources=[self.lake.arn_for_objects(one) for one in under]
            )
        )
        if listed:
            function.add_to_role_policy(
                iam.PolicyStatement(
                    actions=["s3:ListBucket"],
                    resources=[self.lake.bucket_arn],
                    conditions={"StringLike": {"s3:prefix": under}},
                )
            )
        name = self.resolve(self.lake_bucket_name)["Ref"]
        wildcard = f"AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::<{name}>/%s]"
        Validations.of(self).acknowledge(*(Acknowledgment(id=wildcard % one, reason=why) for one in under))

    def schedule(
        self, function: lambda_.Function, expression: str, *, says: Mapping[str, str] | None = None
    ) -> None:
        """Run `function` at a rate, such as `rate(1 minute)`; of several, all but one say what they are for."""
        id = f"{function.node.id}{''.join(word.title() for pair in (says or {}).items() for word in pair)}"
        rule = events.Rule(self, f"{id}Schedule", schedule=events.Schedule.expression(expression))
        rule.add_target(
            targets.LambdaFunction(
                function,
                event=events.RuleTargetInput.from_object(dict(says)) if says else None,
                dead_letter_queue=DeadLetterQueue(self, f"{id}DeadLetters", alarms=self.alarms),
                retry_attempts=2,
            )
        )

    def routes(self, function: lambda_.Function, routes: Sequence[str], *, public: bool = False) -> None:
        """Put `METHOD /path` routes on the platform's HTTP API; all but public ones stand behind its authorizer."""
        integration = integrations.HttpLambdaIntegration(f"{function.node.id}Integration", function)
        for route in routes:
            method, path = route.split(" ")
            apigw.HttpRoute(
                self,
                f"Route {method} {path.replace('/', ' ')}",
                http_api=self.api,
                route_key=apigw.HttpRouteKey.with_(path, apigw.HttpMethod[method]),
                integration=integration,
                authorizer=apigw.HttpNoneAuthorizer() if public else self.authorizer,
            )


def pattern_of(fact: type[Fact]) -> events.EventPattern:
    """The rule pattern that a contract stands for."""
    return events.EventPattern(source=[fact.source], detail_type=[fact.detail_type])


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
