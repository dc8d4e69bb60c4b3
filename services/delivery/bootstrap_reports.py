"""Joins what reads files of reports to what it runs on."""

from __future__ import annotations

from functools import cache

from services.delivery.adapters.dynamo_gates import DynamoGates
from services.delivery.adapters.dynamo_ledgers import DynamoLedgers
from services.delivery.adapters.dynamo_messages import DynamoMessages
from services.delivery.adapters.s3_reports import S3Reports
from services.delivery.adapters.sqs_reports import SqsReports
from services.delivery.settings import OnReportFilesSettings
from services.delivery.use_cases.note_feedback import NoteFeedback
from services.delivery.use_cases.note_files import NoteFiles
from services.shared.aws.dynamo import Table


@cache
def noting_files() -> NoteFiles:
    """What `on_report_files` runs."""
    settings = OnReportFilesSettings.from_env()
    gates = Table(settings.gates_table)
    return NoteFiles(
        files=S3Reports(settings.reports_bucket),
        noting=NoteFeedback(
            messages=DynamoMessages(Table(settings.messages_table), gates),
            gates=DynamoGates(gates),
            ledgers=DynamoLedgers(gates),
        ),
        queue=SqsReports(settings.feedback_queue_url),
    )
