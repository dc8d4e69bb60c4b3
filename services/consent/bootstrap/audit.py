"""Joins with AWS what checks, anchors and shows the ledger; once per process, on the first call."""

from __future__ import annotations

from functools import cache

from services.consent.adapters.anchor_store import AnchorBucket
from services.consent.adapters.evidence_table import EvidenceTable
from services.consent.adapters.kms_signer import KmsSigner
from services.consent.adapters.ledger_table import LedgerTable, ShardsTable
from services.consent.adapters.purpose_table import PurposeTable
from services.consent.anchoring import Anchoring
from services.consent.audit import Audit
from services.consent.links import Links
from services.consent.ports import Signer
from services.consent.receipts import Receipts, receipt_token
from services.consent.service import CONFIRM
from services.consent.settings import (
    AnchorSettings,
    ApiSettings,
    AuditSettings,
    PreferencesSettings,
    PublicSettings,
)
from services.shared.aws.dynamo import Table
from services.shared.aws.token_keys import SecretTokenKeys


@cache
def audit() -> Audit:
    """Of who checks the ledger."""
    settings = AuditSettings.from_env()
    return Audit(
        ledger=ShardsTable(Table(settings.ledger_table)),
        anchors=AnchorBucket(Table(settings.anchors_table)),
        signer=KmsSigner(settings.anchor_key_arn),
    )


@cache
def anchoring() -> Anchoring:
    """Of the hourly anchor."""
    settings = AnchorSettings.from_env()
    return Anchoring(
        ledger=ShardsTable(Table(settings.ledger_table)),
        anchors=AnchorBucket(Table(settings.anchors_table), settings.anchor_bucket),
        signer=KmsSigner(settings.anchor_key_arn),
        clock=settings.clock(),
    )


@cache
def public_key() -> Signer:
    """Of the marketers' API: it can only be asked for the public key."""
    return KmsSigner(ApiSettings.from_env().anchor_key_arn)


@cache
def receipts() -> Receipts:
    """Of the marketers' API."""
    return _receipts(ApiSettings.from_env())


@cache
def own_receipts() -> Receipts:
    """Of the preference centre."""
    return _receipts(PreferencesSettings.from_env())


@cache
def own_links() -> Links:
    """Of the preference centre."""
    settings = PreferencesSettings.from_env()
    return Links(SecretTokenKeys(settings.token_secret_arn), settings.clock())


def receipt_link(confirmation: str) -> str:
    """Of the public pages: the token that opens the receipt of whoever holds a confirmation link."""
    settings = PublicSettings.from_env()
    keys = SecretTokenKeys(settings.token_secret_arn)
    claims = Links(keys, settings.clock()).claims(CONFIRM, confirmation)
    return receipt_token(keys.current(), claims["address_key"], settings.clock().now())


def _receipts(settings: ApiSettings | PreferencesSettings) -> Receipts:
    evidence = EvidenceTable(Table(settings.evidence_table))
    return Receipts(
        purposes=PurposeTable(Table(settings.purposes_table)),
        ledger=LedgerTable(Table(settings.ledger_table), evidence),
        clock=settings.clock(),
        controller=settings.controller,
    )
