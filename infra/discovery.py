"""How stacks find each other: SSM parameters whose names are built here and nowhere else; no exports."""

from __future__ import annotations

from typing import Literal

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.environment import Environment

Announced = Literal[
    "bus-name",
    "api-id",
    "api-url",
    "authorizer-id",
    "lake-bucket",
    "alarms-topic-arn",
    "admin-key-secret-arn",
    "address-secret-arn",
    "token-secret-arn",
    "feedback-topic-arn",
    "inbound-topic-arn",
    "email-configuration-set",
    "anchor-bucket",
    "anchor-key-arn",
    "person-scoring",
    "person-journeys",
    "person-delivery",
    "person-consent",
]


def parameter_name(environment: Environment, name: Announced) -> str:
    """`/halte/<stage>/<name>`."""
    return f"/halte/{environment.stage}/{name}"


def announce(scope: Construct, environment: Environment, name: Announced, value: str) -> None:
    """Tell other stacks (and tools) a value."""
    ssm.StringParameter(
        scope,
        f"Announce{''.join(part.title() for part in name.split('-'))}",
        parameter_name=parameter_name(environment, name),
        string_value=value,
    )


def discover(scope: Construct, environment: Environment, name: Announced) -> str:
    """The value another stack announced, resolved by CloudFormation at deployment."""
    return ssm.StringParameter.value_for_string_parameter(scope, parameter_name(environment, name))
