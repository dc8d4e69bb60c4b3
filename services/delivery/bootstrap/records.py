"""What tells of messages and of persons."""

from __future__ import annotations

from functools import cache

from services.delivery.adapters.dynamo_gates import DynamoGates
from services.delivery.adapters.dynamo_tastes import DynamoTastes
from services.delivery.adapters.dynamo_traces import DynamoTraces
from services.delivery.adapters.dynamo_work import DynamoWork
from services.delivery.bootstrap import parts
from services.delivery.settings import ApiSettings, PersonSettings
from services.delivery.use_cases.answer_person import AnswerPerson
from services.delivery.use_cases.serve_marketers import ServeMarketers
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text


@cache
def serving() -> ServeMarketers:
    """What `api` runs."""
    settings = ApiSettings.from_env()
    return ServeMarketers(
        messages=parts.messages(settings.messages_table, settings.gates_table),
    )


@cache
def answering() -> AnswerPerson:
    """What `person` runs."""
    settings = PersonSettings.from_env()
    return AnswerPerson(
        messages=parts.messages(settings.messages_table, settings.gates_table),
        gates=DynamoGates(Table(settings.gates_table)),
        traces=DynamoTraces(Table(settings.messages_table), Table(settings.gates_table)),
        work=DynamoWork(Table(settings.work_table)),
        tastes=DynamoTastes(Table(settings.gates_table)),
        address_secret=lambda: secret_text(settings.address_secret_arn),
        clock=settings.clock(),
    )
