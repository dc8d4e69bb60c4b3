"""Joins what hears people and providers with AWS: replies, complaints, objections, opt-outs, wishes by event."""

from __future__ import annotations

from functools import cache

from services.consent.adapters.evidence_table import EvidenceTable
from services.consent.adapters.ledger_table import LedgerTable
from services.consent.adapters.opt_out_list import EndUserMessagingOptOuts
from services.consent.adapters.reminder_table import ReminderTable
from services.consent.bootstrap.permissions import (
    ledger_of,
    opt_in_with,
    profile_asking,
    publishing_with,
    recorder_of,
)
from services.consent.complaints import Complaints
from services.consent.objections import Objections
from services.consent.opt_outs import OptOuts
from services.consent.reminders import Reminders
from services.consent.replies import Replies
from services.consent.settings import (
    ApiSettings,
    LedgerSettings,
    OnComplaintsSettings,
    OnInboundSettings,
    OnProfilesChangedSettings,
    OptOutsSettings,
    RemindSettings,
)
from services.consent.told import Told
from services.consent.withdrawal import Revocations
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text
from services.shared.ids import new_id


@cache
def replies() -> Replies:
    """Of messages that come in."""
    settings = OnInboundSettings.from_env()
    return Replies(
        objections=_objections(settings),
        opt_in=opt_in_with(settings),
        address_secret=secret_text(settings.address_secret_arn),
    )


@cache
def complaints() -> Complaints:
    """Of complaints that delivery heard of."""
    settings = OnComplaintsSettings.from_env()
    return Complaints(
        ledger=ledger_of(settings),
        revocations=Revocations(recorder_of(ledger_of(settings)), settings.clock(), new_id),
        objections=_objections(settings),
    )


@cache
def objections() -> Objections:
    """Of the marketers' API."""
    return _objections(ApiSettings.from_env())


@cache
def opt_outs() -> OptOuts:
    """Of the provider's opt-out list."""
    settings = OptOutsSettings.from_env()
    return OptOuts(
        ledger=ledger_of(settings),
        evidence=EvidenceTable(Table(settings.evidence_table)),
        objections=_objections(settings),
        opt_outs=EndUserMessagingOptOuts(settings.sms_opt_out_list),
        address_secret=secret_text(settings.address_secret_arn),
    )


@cache
def told() -> Told:
    """Of changes of profiles."""
    settings = OnProfilesChangedSettings.from_env()
    return Told(
        asking=profile_asking(),
        objections=_objections(settings),
        address_secret=secret_text(settings.address_secret_arn),
        clock=settings.clock(),
    )


@cache
def reminders() -> Reminders:
    """Of requests that were not confirmed."""
    settings = RemindSettings.from_env()
    return Reminders(
        store=ReminderTable(Table(settings.reminders_table)),
        ledger=LedgerTable(Table(settings.ledger_table), EvidenceTable(Table(settings.evidence_table))),
        remind=publishing_with(settings).remind,
        clock=settings.clock(),
    )


def _objections(settings: LedgerSettings) -> Objections:
    ledger = ledger_of(settings)
    return Objections(
        ledger=ledger,
        revocations=Revocations(recorder_of(ledger), settings.clock(), new_id),
        address_secret=secret_text(settings.address_secret_arn),
        new_id=new_id,
    )
