"""Joins with AWS what records permissions without a page of ours: imports, sales, and the passing of time."""

from __future__ import annotations

import secrets
from functools import cache

from services.consent.adapters.evidence_table import EvidenceTable
from services.consent.adapters.import_items import ImportItems
from services.consent.adapters.lapse_items import LapseItems
from services.consent.adapters.ledger_table import LedgerTable
from services.consent.adapters.purpose_table import PurposeTable
from services.consent.importing import Importing
from services.consent.lapsing import Lapsing
from services.consent.recorder import Recorder
from services.consent.settings import ApiSettings, LapsesSettings
from services.consent.soft import SoftOptIns
from services.consent.withdrawal import Revocations
from services.shared.aws.dynamo import Table
from services.shared.aws.parallel import done, each
from services.shared.aws.secrets import secret_text
from services.shared.ids import new_id


@cache
def importing() -> Importing:
    """Of the marketers' API."""
    settings = ApiSettings.from_env()
    evidence = Table(settings.evidence_table)
    ledger = LedgerTable(Table(settings.ledger_table), EvidenceTable(evidence))
    return Importing(
        purposes=PurposeTable(Table(settings.purposes_table)),
        ledger=ledger,
        recorder=_recorder(ledger),
        imports=ImportItems(evidence),
        address_secret=secret_text(settings.address_secret_arn),
        clock=settings.clock(),
        each=lambda call, groups: done(each(call, groups)),
    )


@cache
def soft_opt_ins() -> SoftOptIns:
    """Of the marketers' API."""
    settings = ApiSettings.from_env()
    ledger = LedgerTable(Table(settings.ledger_table), EvidenceTable(Table(settings.evidence_table)))
    recorder = _recorder(ledger)
    return SoftOptIns(
        purposes=PurposeTable(Table(settings.purposes_table)),
        ledger=ledger,
        recorder=recorder,
        revocations=Revocations(recorder, settings.clock(), new_id),
        address_secret=secret_text(settings.address_secret_arn),
        clock=settings.clock(),
    )


@cache
def lapsing() -> Lapsing:
    """Of the schedule."""
    settings = LapsesSettings.from_env()
    table = Table(settings.ledger_table)
    return Lapsing(
        lapses=LapseItems(table),
        recorder=_recorder(LedgerTable(table, EvidenceTable(Table(settings.evidence_table)))),
        clock=settings.clock(),
        each=lambda call, groups: done(each(call, groups)),
    )


def _recorder(ledger: LedgerTable) -> Recorder:
    return Recorder(ledger, new_id, lambda: secrets.token_hex(16))
