"""Delivery's channels beside e-mail and text messages."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack

LOCAL_PUSH_APPLICATION = "local"


def push_application_id(stack: ServiceStack) -> str:
    """The application of End User Messaging that pushes (`-c push_application_id=…`); the local stage's is the
    stand-in's. Empty: there is none, and only SNS endpoints can be reached."""
    given = str(stack.node.try_get_context("push_application_id") or "")
    return given or (LOCAL_PUSH_APPLICATION if stack.halte.is_local else "")


def allow_pushing(stack: ServiceStack, function: ServiceFunction) -> None:
    """Let `function` push to devices: by that application, and to the endpoints of this account in SNS."""
    place = f"{Aws.REGION}:{Aws.ACCOUNT_ID}"
    if application := push_application_id(stack):
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["mobiletargeting:SendMessages"],
                resources=[f"arn:{Aws.PARTITION}:mobiletargeting:{place}:apps/{application}/messages"],
            )
        )
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["sns:Publish"], resources=[f"arn:{Aws.PARTITION}:sns:{place}:endpoint/*"]
        )
    )
