"""What notes the fate of messages."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from services.delivery.adapters.s3_reports import S3Reports
from services.delivery.adapters.sqs_reports import SqsReports
from services.delivery.bootstrap import parts
from services.delivery.settings import (
    ClicksSettings,
    OnExitsSettings,
    OnFeedbackSettings,
    OnReportFilesSettings,
)
from services.delivery.use_cases.follow_links import FollowLinks
from services.delivery.use_cases.note_conversions import NoteConversions
from services.delivery.use_cases.note_feedback import NoteFeedback
from services.delivery.use_cases.note_files import NoteFiles
from services.shared.aws.token_keys import SecretTokenKeys
from services.shared.observability import service_logger


@cache
def noting() -> NoteFeedback:
    """What `on_feedback` runs."""
    settings = OnFeedbackSettings.from_env()
    return parts.noting(settings.messages_table, settings.gates_table)


@cache
def noting_files() -> NoteFiles:
    """What `on_report_files` runs."""
    settings = OnReportFilesSettings.from_env()
    return NoteFiles(
        files=S3Reports(settings.reports_bucket),
        noting=parts.noting(settings.messages_table, settings.gates_table),
        queue=SqsReports(settings.feedback_queue_url),
    )


@cache
def noting_conversions() -> NoteConversions:
    """What `on_exits` runs."""
    settings = OnExitsSettings.from_env()
    return NoteConversions(parts.messages(settings.messages_table, settings.gates_table))


@cache
def following() -> FollowLinks:
    """What `clicks` runs."""
    settings = ClicksSettings.from_env()
    return FollowLinks(
        messages=parts.messages(settings.messages_table, ""),
        reports=SqsReports(settings.feedback_queue_url),
        keys=SecretTokenKeys(settings.token_secret_arn),
        clock=settings.clock(),
        late=timedelta(seconds=settings.deliveries_late_seconds),
        lost=lambda error: service_logger("delivery").error(
            "visit lost", extra={"error": type(error).__name__}
        ),
    )
