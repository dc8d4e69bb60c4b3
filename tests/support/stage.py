"""What the templates of a stage come to: tables, queues, functions with their settings, routes, and who feeds whom."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from moto.kms.models import kms_backends
from moto.secretsmanager.models import secretsmanager_backends

from tests.support.fabric import Fabric, Queue, Subscription
from tests.support.processes import Function
from tests.support.templates import ACCOUNT, REGION, Resource, Templates


@dataclass(frozen=True)
class Mapped:
    """An event source mapping: `source` is the name of a queue or a table, `function` an ARN."""

    id: str
    source: str
    function: str
    batch_size: int


@dataclass(frozen=True)
class Route:
    """A route of the HTTP API; `authorizer` is the ARN of the function that is asked first."""

    key: str
    function: str
    authorizer: str | None

    def match(self, method: str, path: str) -> Mapping[str, str] | None:
        """The path's parameters if the route serves it; API Gateway decodes nothing and neither do we."""
        wanted, _, pattern = self.key.partition(" ")
        if wanted not in (method, "ANY"):
            return None
        expression = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(pattern))
        found = re.fullmatch(expression, path)
        return found.groupdict() if found else None


@dataclass(frozen=True)
class Subscriber:
    """A queue on a topic."""

    queue: str
    raw: bool


@dataclass(frozen=True)
class Stage:
    """One deployed stage, as data."""

    templates: Templates
    functions: Mapping[str, Function]
    routes: tuple[Route, ...]
    consumers: tuple[Mapped, ...]
    streams: tuple[Mapped, ...]
    scheduled: tuple[str, ...]
    topics: Mapping[str, list[Subscriber]]
    mail_roads: Mapping[str, Mapping[str, str]]
    """By configuration set, and by the kind of what SES is asked to tell: the ARN of the topic that it is published on,
    or of the bucket that it is filed in."""

    @classmethod
    @cache  # nothing writes to a stage
    def of(cls, templates: Templates, *, clock_factory: str) -> Stage:
        """Read the templates; every function gets `clock_factory` as its clock."""
        mappings = [
            (one, one.properties["EventSourceArn"])
            for one in templates.resources("AWS::Lambda::EventSourceMapping")
        ]
        functions = [_function(one, clock_factory) for one in templates.resources("AWS::Lambda::Function")]
        by_name = {one.name: one.arn for one in functions}
        return cls(
            templates=templates,
            functions={one.arn: one for one in functions},
            routes=tuple(_routes(templates)),
            consumers=tuple(_mapped(one, by_name) for one, arn in mappings if ":sqs:" in arn),
            streams=tuple(_mapped(one, by_name) for one, arn in mappings if ":dynamodb:" in arn),
            scheduled=tuple(_scheduled(templates)),
            topics=_topics(templates),
            mail_roads=_mail_roads(templates),
        )

    def parameter(self, name: str) -> str:
        """The value announced under the last part of an SSM name."""
        stack = next(iter(self.functions.values())).name
        return self.templates.parameter(f"/halte/{stack.split('-')[1]}/{name}")

    def route(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """Who serves a request, most literal route first.

        Raises:
            LookupError: nobody does.
        """
        for route in sorted(self.routes, key=lambda one: one.key.count("{")):
            parameters = route.match(method, path)
            if parameters is not None:
                return route, parameters
        raise LookupError(f"no route {method} {path}")

    def table_named(self, service: str, prefix: str) -> str:
        """The physical name of a service's table whose logical id begins with `prefix`."""
        names = [
            one.name
            for one in self.templates.resources("AWS::DynamoDB::Table")
            if one.service == service and one.logical_id.startswith(prefix)
        ]
        if len(names) != 1:
            raise LookupError(f"{service} has {len(names)} tables named {prefix}…")
        return names[0]

    def build(self, fabric: Fabric) -> None:
        """Make the stage's tables, buckets, keys and secrets on moto, and its queues and rules in `fabric`."""
        for one in self.templates.resources("AWS::DynamoDB::Table"):
            _make_table(one)
        for one in self.templates.resources("AWS::S3::Bucket"):
            boto3.client("s3", region_name=REGION).create_bucket(
                Bucket=one.name, ObjectLockEnabledForBucket=bool(one.properties.get("ObjectLockEnabled"))
            )
        for one in self.templates.resources("AWS::KMS::Key"):
            _make_key(one)
        for one in self.templates.resources("AWS::SecretsManager::Secret"):
            _make_secret(one)
        _make_queues(self.templates, fabric)
        for one in self.templates.resources("AWS::Events::Rule"):
            for target in one.properties.get("Targets", []):
                if "EventPattern" in one.properties and ":sqs:" in target["Arn"]:
                    queue = fabric.queues[_tail(target["Arn"])]
                    fabric.subscriptions.append(
                        Subscription(
                            one.properties["EventPattern"],
                            queue,
                            default_bus="EventBusName" not in one.properties,
                        )
                    )


def _tail(arn: str) -> str:
    return arn.rsplit(":", 1)[-1]


def _function(one: Resource, clock_factory: str) -> Function:
    env = one.properties.get("Environment", {}).get("Variables", {})
    module = one.properties["Handler"].removesuffix(".handler")
    return Function(
        name=str(one.properties.get("FunctionName", one.name)),
        arn=one.arn,
        service=module.split(".")[1] if module.startswith("services.") else one.service,
        module=module,
        memory=one.properties.get("MemorySize", 128),
        timeout_seconds=one.properties.get("Timeout", 3),
        env={**{k: str(v) for k, v in env.items()}, "CLOCK_FACTORY": clock_factory},
    )


def _mapped(one: Resource, functions: Mapping[str, str]) -> Mapped:
    source = str(one.properties["EventSourceArn"])
    name = source.split("table/")[1].split("/")[0] if ":dynamodb:" in source else _tail(source)
    function = str(one.properties["FunctionName"])
    return Mapped(one.name, name, functions.get(function, function), one.properties.get("BatchSize", 10))


def _routes(templates: Templates) -> list[Route]:
    integrations = {
        f"integrations/{one.name}": str(one.properties["IntegrationUri"])
        for one in templates.resources("AWS::ApiGatewayV2::Integration")
    }
    authorizers = {
        one.name: re.search(r"functions/(arn:.+)/invocations", one.properties["AuthorizerUri"])
        for one in templates.resources("AWS::ApiGatewayV2::Authorizer")
    }
    found = []
    for one in templates.resources("AWS::ApiGatewayV2::Route"):
        authorizer = authorizers.get(one.properties.get("AuthorizerId", ""))
        found.append(
            Route(
                key=one.properties["RouteKey"],
                function=integrations[one.properties["Target"]],
                authorizer=authorizer[1] if authorizer else None,
            )
        )
    return found


def _scheduled(templates: Templates) -> list[str]:
    return [
        target["Arn"]
        for one in templates.resources("AWS::Events::Rule")
        if "ScheduleExpression" in one.properties
        for target in one.properties["Targets"]
    ]


def _topics(templates: Templates) -> dict[str, list[Subscriber]]:
    topics: dict[str, list[Subscriber]] = defaultdict(list)
    for one in templates.resources("AWS::SNS::Subscription"):
        if one.properties["Protocol"] == "sqs":
            raw = bool(one.properties.get("RawMessageDelivery"))
            topics[one.properties["TopicArn"]].append(Subscriber(_tail(one.properties["Endpoint"]), raw))
    return topics


def _mail_roads(templates: Templates) -> dict[str, dict[str, str]]:
    buckets = {
        one.arn: str(one.properties["ExtendedS3DestinationConfiguration"]["BucketARN"])
        for one in templates.resources("AWS::KinesisFirehose::DeliveryStream")
    }
    roads: dict[str, dict[str, str]] = defaultdict(dict)
    for one in templates.resources("AWS::SES::ConfigurationSetEventDestination"):
        told = one.properties["EventDestination"]
        stream = told.get("KinesisFirehoseDestination")
        arn = buckets[stream["DeliveryStreamARN"]] if stream else told["SnsDestination"]["TopicARN"]
        roads[one.properties["ConfigurationSetName"]] |= dict.fromkeys(told["MatchingEventTypes"], arn)
    return roads


def _make_table(one: Resource) -> None:
    wanted = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")
    request: dict[str, Any] = {name: one.properties[name] for name in wanted if name in one.properties}
    stream = one.properties.get("StreamSpecification")
    if stream:
        request["StreamSpecification"] = {"StreamEnabled": True, **stream}
    boto3.client("dynamodb", region_name=REGION).create_table(TableName=one.name, **request)


def _make_secret(one: Resource) -> None:
    """moto ends an ARN in random characters; the templates' references need the one they say."""
    boto3.client("secretsmanager", region_name=REGION).create_secret(
        Name=one.name, SecretString=f"secret-of-{one.logical_id}"
    )
    secretsmanager_backends[ACCOUNT][REGION].secrets[one.name].arn = one.arn


def _make_key(one: Resource) -> None:
    """moto chooses ids itself; the templates' references need the one they say."""
    wanted = {name: one.properties[name] for name in ("KeySpec", "KeyUsage")}
    made = boto3.client("kms", region_name=REGION).create_key(**wanted)["KeyMetadata"]
    keys = kms_backends[ACCOUNT][REGION].keys
    keys[one.name] = keys.pop(made["KeyId"])
    keys[one.name].id, keys[one.name].arn = one.name, one.arn


def _make_queues(templates: Templates, fabric: Fabric) -> None:
    made = templates.resources("AWS::SQS::Queue")
    for one in made:
        fabric.queues[one.name] = Queue(one.name)
    for one in made:
        redrive = one.properties.get("RedrivePolicy")
        if redrive:
            queue = fabric.queues[one.name]
            queue.max_receives = int(redrive["maxReceiveCount"])
            queue.dead_letters = fabric.queues[_tail(redrive["deadLetterTargetArn"])]
