"""Joins the use cases with AWS; once per process, on the first call."""

from __future__ import annotations

import secrets
from functools import cache

from services.consent.adapters.address_items import AddressItems
from services.consent.adapters.anchor_store import AnchorBucket
from services.consent.adapters.brand_item import BrandItem
from services.consent.adapters.evidence_table import EvidenceTable
from services.consent.adapters.ledger_table import LedgerTable
from services.consent.adapters.purpose_table import PurposeTable
from services.consent.adapters.reminder_table import ReminderTable
from services.consent.addresses import AddressChanges
from services.consent.asking import Asking
from services.consent.branding import Branding
from services.consent.fresh_links import FreshLinks
from services.consent.inspection import Inspection
from services.consent.links import Links
from services.consent.mailing import Mailing
from services.consent.new_address import NewAddress
from services.consent.person import Person
from services.consent.preferences import PreferenceCentre
from services.consent.publishing import Publishing
from services.consent.recorder import Recorder
from services.consent.recovery import Recovery
from services.consent.registry import Registry
from services.consent.service import OptIn
from services.consent.settings import (
    ApiSettings,
    AskingSettings,
    BrandSettings,
    LedgerSettings,
    OnFormSubmittedSettings,
    OnInboundSettings,
    OnLedgerStreamSettings,
    OnMessageSentSettings,
    OnProfilesChangedSettings,
    OnRecoveryRequestedSettings,
    PersonSettings,
    PreferencesSettings,
    PublicSettings,
)
from services.consent.withdrawal import Revocations, Unsubscribing, Withdrawals
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text
from services.shared.aws.token_keys import SecretTokenKeys
from services.shared.ids import new_id


@cache
def asking() -> Asking:
    """Of the public pages."""
    return _asking(PublicSettings.from_env())


@cache
def opt_in() -> OptIn:
    """Of the public pages."""
    return opt_in_with(PublicSettings.from_env())


def opt_in_with(settings: PublicSettings | OnInboundSettings) -> OptIn:
    """What confirms requests."""
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
def profile_asking() -> Asking:
    """Of changes of profiles."""
    return _asking(OnProfilesChangedSettings.from_env())


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
def branding() -> Branding:
    """Of the public pages, and of the marketers' API."""
    return Branding(BrandItem(Table(BrandSettings.from_env().purposes_table)))


@cache
def inspection() -> Inspection:
    """Of the marketers' API."""
    settings = ApiSettings.from_env()
    evidence = EvidenceTable(Table(settings.evidence_table))
    return Inspection(
        purposes=PurposeTable(Table(settings.purposes_table)),
        ledger=LedgerTable(Table(settings.ledger_table), evidence),
        evidence=evidence,
        anchors=AnchorBucket(Table(settings.anchors_table)),
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
        inspection=Inspection(
            purposes=purposes,
            ledger=ledger,
            evidence=evidence,
            anchors=AnchorBucket(Table(settings.anchors_table)),
            clock=clock,
        ),
        ledger=ledger,
        evidence=evidence,
        revocations=Revocations(Recorder(ledger, new_id, _new_salt), clock, new_id),
        addresses=addresses,
        mailboxes=addresses,
        clock=clock,
        address_secret=secret_text(settings.address_secret_arn),
    )


@cache
def mailing() -> Mailing:
    """Of messages that left."""
    settings = OnMessageSentSettings.from_env()
    evidence = EvidenceTable(Table(settings.evidence_table))
    ledger = LedgerTable(Table(settings.ledger_table), evidence)
    return Mailing(
        ledger=ledger,
        evidence=evidence,
        recorder=Recorder(ledger, new_id, _new_salt),
        clock=settings.clock(),
    )


@cache
def publishing() -> Publishing:
    """Of the ledger's stream."""
    return publishing_with(OnLedgerStreamSettings.from_env())


def publishing_with(settings: OnLedgerStreamSettings) -> Publishing:
    """What tells of entries."""
    evidence = EvidenceTable(Table(settings.evidence_table))
    return Publishing(
        purposes=PurposeTable(Table(settings.purposes_table)),
        ledger=LedgerTable(Table(settings.ledger_table), evidence),
        evidence=evidence,
        addresses=AddressItems(Table(settings.evidence_table)),
        keys=SecretTokenKeys(settings.token_secret_arn),
        reminders=ReminderTable(Table(settings.reminders_table)),
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


def ledger_of(settings: LedgerSettings) -> LedgerTable:
    """The ledger and its evidence."""
    return LedgerTable(Table(settings.ledger_table), EvidenceTable(Table(settings.evidence_table)))


def recorder_of(ledger: LedgerTable) -> Recorder:
    """What appends to the ledger."""
    return Recorder(ledger, new_id, _new_salt)


def _new_salt() -> str:
    return secrets.token_hex(16)
