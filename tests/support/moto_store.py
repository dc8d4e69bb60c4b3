"""What moto holds, looked at where it lies: tests that look after every step would else spend most of their time
asking."""

from __future__ import annotations

import json
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.sqs.models import Queue, sqs_backends
from moto.stepfunctions.models import stepfunctions_backends

REGION = "us-east-1"


def executions() -> dict[str, Any]:
    """Input by name of every execution that was started."""
    machines = stepfunctions_backends[DEFAULT_ACCOUNT_ID][REGION].state_machines
    return {one.name: json.loads(one.execution_input) for machine in machines for one in machine.executions}


def waiting(queue_url: str) -> bool:
    """Does a message of the queue wait to be received?"""
    return bool(_queue(queue_url).messages)


def drained(queue_url: str) -> list[str]:
    """The bodies of all messages of the queue, which it then has no more."""
    queue = _queue(queue_url)
    messages = queue.messages
    queue._messages = [one for one in queue._messages if one not in messages]
    return [one.body for one in messages]


def _queue(queue_url: str) -> Queue:
    return sqs_backends[DEFAULT_ACCOUNT_ID][REGION].get_queue(queue_url.rpartition("/")[2])
