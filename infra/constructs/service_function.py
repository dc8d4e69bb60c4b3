"""A Lambda function with everything of its own: role, log group, and exactly the settings it reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from aws_cdk import Duration, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import packaging
from infra.environment import Environment


class ServiceFunction(lambda_.Function):
    """`services.<service>.handlers.<handler>.handler`, from the service's bundle.

    `settings` are the fields of the handler's settings model; the function gets them as upper-case variables.
    `wheels` is the dependency group it carries (default: the service's own), `disk` its room under /tmp in MB.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: Environment,
        service: str,
        handler: str,
        settings: Mapping[str, str],
        memory: int = 512,
        timeout_seconds: int = 30,
        wheels: str = "",
        disk: int = 512,
        name: str | None = None,
    ) -> None:
        log_group = logs.LogGroup(
            scope,
            f"{id}Log",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=environment.removal_policy,
        )
        role = iam.Role(scope, f"{id}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        super().__init__(
            scope,
            id,
            function_name=name,
            runtime=environment.runtime,
            architecture=environment.architecture,
            code=lambda_.Code.from_asset(str(_asset(service, environment, wheels))),
            handler=f"services.{service}.handlers.{handler}.handler",
            role=role,
            log_group=log_group,
            memory_size=memory,
            ephemeral_storage_size=Size.mebibytes(disk) if disk != 512 else None,
            timeout=Duration.seconds(timeout_seconds),
            environment={
                "STAGE": environment.stage,
                **({"CLOCK_FACTORY": environment.clock_factory} if environment.clock_factory else {}),
                **_found_beside(service, environment, wheels),
                **{name.upper(): value for name, value in settings.items()},
            },
        )

    def let_go_in_rounds(self) -> None:
        """Its messages to its own queue are rounds of long work: Lambda would take them for a runaway loop and stop it
        after sixteen."""
        cfn = self.node.default_child
        if not isinstance(cfn, lambda_.CfnFunction):
            raise TypeError("a function has no resource")
        cfn.recursive_loop = "Allow"


@cache
def _asset(service: str, environment: Environment, wheels: str) -> Path:
    """What goes into the function's zip; the same for all functions of a service, and put together by reading it."""
    if environment.contents == "zipped":
        return packaging.bundle(service, environment, wheels)
    if environment.contents == "beside":
        return packaging.note(service, environment)
    return packaging.code(service, environment)


@cache
def _found_beside(service: str, environment: Environment, wheels: str) -> dict[str, str]:
    if environment.contents != "beside":
        return {}
    folders = (packaging.code(service, environment), packaging.wheels(service, environment, wheels))
    return {"PYTHONPATH": os.pathsep.join(map(str, folders))}
