"""Messages of a queue that wait for something of our own, which will be there soon or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aws_lambda_powertools import Logger

from services.shared.aws.queues import let_come_again

PAUSES = (5, 55, 300, 600)
"""Seconds after each receive in which a message that waits comes again; with the last it has waited for longer than a
contact may take, or the request of somebody who died with it."""


def is_last(record: Mapping[str, Any]) -> bool:
    """Has it waited as often as it may?"""
    return _receives(record) > len(PAUSES)


def come_again(records: Iterable[Mapping[str, Any]], logger: Logger) -> None:
    """Soon, then later and later; what this fails for comes when the queue thinks fit."""
    try:
        for record in records:
            if not is_last(record):
                let_come_again(record, PAUSES[_receives(record) - 1])
    except Exception as error:  # the messages are not acknowledged, so nothing is lost
        logger.warning("messages come again late", extra={"error": type(error).__name__})


def _receives(record: Mapping[str, Any]) -> int:
    return int(record["attributes"]["ApproximateReceiveCount"])
