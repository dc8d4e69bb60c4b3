"""What several functions of delivery are made of."""

from __future__ import annotations

from services.delivery.adapters.dynamo_gates import DynamoGates
from services.delivery.adapters.dynamo_ledgers import DynamoLedgers
from services.delivery.adapters.dynamo_messages import DynamoMessages
from services.delivery.use_cases.note_feedback import NoteFeedback
from services.shared.aws.dynamo import Table


def messages(messages_table: str, gates_table: str) -> DynamoMessages:
    """The ledger of messages."""
    return DynamoMessages(Table(messages_table), Table(gates_table))


def noting(messages_table: str, gates_table: str) -> NoteFeedback:
    """What notes outcomes, by whichever way they come in."""
    return NoteFeedback(
        messages=messages(messages_table, gates_table),
        gates=DynamoGates(Table(gates_table)),
        ledgers=DynamoLedgers(Table(gates_table)),
    )
