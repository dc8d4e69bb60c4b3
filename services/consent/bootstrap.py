"""Joins the use cases with AWS; once per process, on the first call."""

from __future__ import annotations

import secrets
from functools import cache

from services.consent.adapters.address_items import AddressItems
from services.consent.adapters.anchor_store import AnchorBucket
from services.consent.adapters.evidence_table import EvidenceTable
from services.consent.adapters.kms_signer import KmsSigner
from services.consent.adapters.ledger_table import LedgerTable, ShardsTable
from services.consent.adapters.opt_out_list import EndUserMessagingOptOuts
from services.consent.adapters.purpose_table import PurposeTable
from services.consent.adapters.token_keys import SecretTokenKeys
from services.consent.addresses import AddressChanges
from services.consent.anchoring import Anchoring
from services.consent.asking import Asking
from services.consent.audit import Audit
from services.consent.complaints import Complaints
from services.consent.fresh_links import FreshLinks
from services.consent.inspection import Inspection
from services.consent.links import Links
from services.consent.new_address import NewAddress
from services.consent.objections import Objections
from services.consent.opt_outs import OptOuts
from services.consent.person import Person
from services.consent.preferences import PreferenceCentre
from services.consent.publishing import Publishing
from services.consent.recorder import Recorder
from services.consent.recovery import Recovery
from services.consent.registry import Registry
from services.consent.replies import Replies
from services.consent.service import OptIn
from services.consent.settings import (
    AnchorSettings,
    ApiSettings,
    AskingSettings,
    AuditSettings,
    OnComplaintsSettings,
    OnFormSubmittedSettings,
    OnInboundSettings,
    OnLedgerStreamSettings,
    OnProfilesChangedSettings,
    OnRecoveryRequestedSettings,
    OptOutsSettings,
    PersonSettings,
    PreferencesSettings,
    PublicSettings,
)
from services.consent.told import Told
from services.consent.withdrawal import Revocations, Unsubscribing, Withdrawals
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text
from services.shared.ids import new_id


@cache
def asking() -> Asking:
    """Of the public pages."""
    return _asking(PublicSettings.from_env())


@cache
def opt_in() -> OptIn:
    """Of the public pages."""
    return _opt_in(PublicSettings.from_env())


@cache
def replies() -> Replies:
    """Of messages that come in."""
    settings = OnInboundSettings.from_env()
    return Replies(
        objections=_objections(settings),
        opt_in=_opt_in(settings),
        address_secret=secret_text(settings.address_secret_arn),
    )


@cache
def complaints() -> Complaints:
    """Of complaints that delivery heard of."""
    settings = OnComplaintsSettings.from_env()
    return Complaints(
        ledger=_ledger(settings),
        revocations=Revocations(Recorder(_ledger(settings), new_id, _new_salt), settings.clock(), new_id),
        objections=_objections(settings),
    )


@cache
def objections() -> Objections:
    """Of the marketers' API."""
    return _objections(ApiSettings.from_env())


def _opt_in(settings: PublicSettings | OnInboundSettings) -> OptIn:
    evidence = EvidenceTable(Table(settings.evidence_table))
    ledger = LedgerTable(Table(settings.ledger_table), evidence)
    return OptIn(
        purposes=PurposeTable(Table(settings.purposes_table)),
        ledger=ledger,
        evidence=evidence,
        recorder=Recorder(ledger, new_id, _new_salt),
        links=Links(SecretTokenKeys(settings.token_secret_arn), settings.clock()),
        clock=settings.clock(),
        address_secret=secret_text(settings.address_secret_arn),
    )


@cache
def form_asking() -> Asking:
    """Of forms that were sent to ingest."""
    return _asking(OnFormSubmittedSettings.from_env())


@cache
def address_changes() -> AddressChanges:
    """Of changes of profiles."""
    settings = OnProfilesChangedSettings.from_env()
    evidence = EvidenceTable(Table(settings.evidence_table))
    addresses = AddressItems(Table(settings.evidence_table))
    return AddressChanges(
        addresses=addresses,
        mailboxes=addresses,
        purposes=PurposeTable(Table(settings.purposes_table)),
        ledger=LedgerTable(Table(settings.ledger_table), evidence),
        asking=_asking(settings),
        bus=Bus(settings.bus_name),
        address_secret=secret_text(settings.address_secret_arn),
        clock=settings.clock(),
    )


@cache
def opt_outs() -> OptOuts:
    """Of the provider's opt-out list."""
    settings = OptOutsSettings.from_env()
    return OptOuts(
        ledger=_ledger(settings),
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
        asking=_asking(settings),
        objections=_objections(settings),
        address_secret=secret_text(settings.address_secret_arn),
        clock=settings.clock(),
    )


@cache
def recovery() -> Recovery:
    """Of clients' requests for account recovery."""
    settings = OnRecoveryRequestedSettings.from_env()
    return Recovery(
        counters=EvidenceTable(Table(settings.evidence_table)),
        bus=Bus(settings.bus_name),
        address_secret=secret_text(settings.address_secret_arn),
        clock=settings.clock(),
    )


@cache
def unsubscribing() -> Unsubscribing:
    """Of the public pages."""
    settings = PublicSettings.from_env()
    clock = settings.clock()
    ledger = LedgerTable(Table(settings.ledger_table), EvidenceTable(Table(settings.evidence_table)))
    return Unsubscribing(
        purposes=PurposeTable(Table(settings.purposes_table)),
        links=Links(SecretTokenKeys(settings.token_secret_arn), clock),
        revocations=Revocations(Recorder(ledger, new_id, _new_salt), clock, new_id),
    )


@cache
def preference_centre() -> PreferenceCentre:
    """Of the preference centre."""
    settings = PreferencesSettings.from_env()
    clock = settings.clock()
    ledger = LedgerTable(Table(settings.ledger_table), EvidenceTable(Table(settings.evidence_table)))
    recorder = Recorder(ledger, new_id, _new_salt)
    return PreferenceCentre(
        purposes=PurposeTable(Table(settings.purposes_table)),
        ledger=ledger,
        mailboxes=AddressItems(Table(settings.evidence_table)),
        links=Links(SecretTokenKeys(settings.token_secret_arn), clock),
        recorder=recorder,
        revocations=Revocations(recorder, clock, new_id),
        asking=_asking(settings),
        new_address=new_address(),
        bus=Bus(settings.bus_name),
        clock=clock,
        new_page_id=lambda: secrets.token_hex(8),
    )


@cache
def new_address() -> NewAddress:
    """Of the preference centre."""
    settings = PreferencesSettings.from_env()
    keys = SecretTokenKeys(settings.token_secret_arn)
    return NewAddress(
        mailboxes=AddressItems(Table(settings.evidence_table)),
        counters=EvidenceTable(Table(settings.evidence_table)),
        links=Links(keys, settings.clock()),
        keys=keys,
        bus=Bus(settings.bus_name),
        clock=settings.clock(),
        address_secret=secret_text(settings.address_secret_arn),
        public_url=settings.public_url,
    )


@cache
def fresh_links() -> FreshLinks:
    """Of the preference centre."""
    settings = PreferencesSettings.from_env()
    return FreshLinks(
        mailboxes=AddressItems(Table(settings.evidence_table)),
        counters=EvidenceTable(Table(settings.evidence_table)),
        keys=SecretTokenKeys(settings.token_secret_arn),
        bus=Bus(settings.bus_name),
        clock=settings.clock(),
        address_secret=secret_text(settings.address_secret_arn),
        public_url=settings.public_url,
        requests_per_ip=settings.requests_per_ip,
    )


@cache
def withdrawals() -> Withdrawals:
    """Of the marketers' API."""
    settings = ApiSettings.from_env()
    ledger = LedgerTable(Table(settings.ledger_table), EvidenceTable(Table(settings.evidence_table)))
    return Withdrawals(
        purposes=PurposeTable(Table(settings.purposes_table)),
        revocations=Revocations(Recorder(ledger, new_id, _new_salt), settings.clock(), new_id),
        address_secret=secret_text(settings.address_secret_arn),
    )


@cache
def registry() -> Registry:
    """Of the marketers' API."""
    return Registry(PurposeTable(Table(ApiSettings.from_env().purposes_table)))


@cache
def inspection() -> Inspection:
    """Of the marketers' API."""
    settings = ApiSettings.from_env()
    evidence = EvidenceTable(Table(settings.evidence_table))
    return Inspection(
        purposes=PurposeTable(Table(settings.purposes_table)),
        ledger=LedgerTable(Table(settings.ledger_table), evidence),
        evidence=evidence,
        clock=settings.clock(),
    )


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
def person() -> Person:
    """Of questions about one person."""
    settings = PersonSettings.from_env()
    clock = settings.clock()
    evidence = EvidenceTable(Table(settings.evidence_table))
    ledger = LedgerTable(Table(settings.ledger_table), evidence)
    purposes = PurposeTable(Table(settings.purposes_table))
    addresses = AddressItems(Table(settings.evidence_table))
    return Person(
        inspection=Inspection(purposes=purposes, ledger=ledger, evidence=evidence, clock=clock),
        ledger=ledger,
        evidence=evidence,
        revocations=Revocations(Recorder(ledger, new_id, _new_salt), clock, new_id),
        addresses=addresses,
        mailboxes=addresses,
        clock=clock,
        address_secret=secret_text(settings.address_secret_arn),
    )


@cache
def publishing() -> Publishing:
    """Of the ledger's stream."""
    settings = OnLedgerStreamSettings.from_env()
    return Publishing(
        purposes=PurposeTable(Table(settings.purposes_table)),
        evidence=EvidenceTable(Table(settings.evidence_table)),
        keys=SecretTokenKeys(settings.token_secret_arn),
        bus=Bus(settings.bus_name),
        clock=settings.clock(),
        address_secret=secret_text(settings.address_secret_arn),
        public_url=settings.public_url,
    )


def _asking(settings: AskingSettings) -> Asking:
    evidence = EvidenceTable(Table(settings.evidence_table))
    ledger = LedgerTable(Table(settings.ledger_table), evidence)
    return Asking(
        purposes=PurposeTable(Table(settings.purposes_table)),
        ledger=ledger,
        evidence=evidence,
        recorder=Recorder(ledger, new_id, _new_salt),
        address_secret=secret_text(settings.address_secret_arn),
        clock=settings.clock(),
        new_id=new_id,
        requests_per_ip=settings.requests_per_ip,
        requests_per_day=settings.requests_per_day,
    )


def _objections(settings: ApiSettings | AskingSettings) -> Objections:
    ledger = _ledger(settings)
    return Objections(
        ledger=ledger,
        revocations=Revocations(Recorder(ledger, new_id, _new_salt), settings.clock(), new_id),
        address_secret=secret_text(settings.address_secret_arn),
        new_id=new_id,
    )


def _ledger(settings: ApiSettings | AskingSettings) -> LedgerTable:
    return LedgerTable(Table(settings.ledger_table), EvidenceTable(Table(settings.evidence_table)))


def _new_salt() -> str:
    return secrets.token_hex(16)
