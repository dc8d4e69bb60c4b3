"""Asking another function, and reading what it says."""

from __future__ import annotations

import json
from typing import Any


class FunctionFailed(RuntimeError):
    """A function that was asked ended in an exception of its own; what that said may be about a person and is left
    where it is."""


def ask(client: Any, function: str, question: bytes) -> Any:
    """The JSON that a function answers a question, which is JSON too; `client` is Lambda's.

    Raises:
        FunctionFailed: the function was reached, and failed.
        botocore.exceptions.BotoCoreError, ClientError: it was not reached, or has not answered in time.
    """
    answer = client.invoke(FunctionName=function, Payload=question)
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise FunctionFailed(f"{function}: {answer['FunctionError']}")
    return said
