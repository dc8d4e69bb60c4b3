"""Joins the use cases of forms with AWS."""

from __future__ import annotations

from functools import cache

from services.ingest.adapters.dynamo_forms import DynamoCounters, DynamoForms
from services.ingest.forms import FormRegistry, Submissions
from services.ingest.settings import FormsSettings, SubmissionsSettings
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text
from services.shared.ids import new_id


@cache
def registry() -> FormRegistry:
    """For `forms`."""
    return FormRegistry(DynamoForms(Table(FormsSettings.from_env().forms_table)))


@cache
def submissions() -> Submissions:
    """For `submissions`."""
    settings = SubmissionsSettings.from_env()
    return Submissions(
        forms=DynamoForms(Table(settings.forms_table)),
        counters=DynamoCounters(Table(settings.form_rates_table)),
        publisher=Bus(settings.bus_name),
        secret=lambda: secret_text(settings.address_secret_arn),
        clock=settings.clock(),
        new_id=new_id,
    )
