"""Step Functions: one state machine per published version, never updated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from services.shared.aws.clients import client


class StepFunctionsMachines:
    """`ports.definitions.Machines`. `prefix` begins every state machine's name; `role_arn` is what they run as."""

    def __init__(self, prefix: str, role_arn: str) -> None:
        self._prefix = prefix
        self._role_arn = role_arn

    def create(self, journey: str, version: int, definition: Mapping[str, Any]) -> str | None:
        text = json.dumps(definition)
        try:
            made = client("stepfunctions").create_state_machine(
                name=f"{self._prefix}-{journey}-v{version}",
                definition=text,
                roleArn=self._role_arn,
                type="STANDARD",
                tags=[
                    {"key": "halte:journey", "value": journey},
                    {"key": "halte:version", "value": str(version)},
                ],
            )
        except client("stepfunctions").exceptions.StateMachineAlreadyExists:
            return None
        arn = str(made["stateMachineArn"])
        kept = client("stepfunctions").describe_state_machine(stateMachineArn=arn)["definition"]
        return arn if json.loads(kept) == definition else None


class StepFunctionsExecutions:
    """`ports.walks.Executions`."""

    def start(self, state_machine_arn: str, name: str, data: Mapping[str, Any]) -> None:
        try:
            client("stepfunctions").start_execution(
                stateMachineArn=state_machine_arn, name=name, input=json.dumps(data)
            )
        except client("stepfunctions").exceptions.ExecutionAlreadyExists:
            return
