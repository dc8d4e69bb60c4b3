"""What each handler reads from its environment."""

from __future__ import annotations

from services.shared.settings import Settings


class BrandSettings(Settings):
    """Of all that shows pages, or says how they look."""

    purposes_table: str


class LedgerSettings(BrandSettings):
    """Of all that records."""

    ledger_table: str
    evidence_table: str
    address_secret_arn: str


class AskingSettings(LedgerSettings):
    """Of all that records requests. `requests_per_ip` is how many one IP address may make a day, `requests_per_day`
    how many all may make together."""

    requests_per_ip: int
    requests_per_day: int


class PublicSettings(AskingSettings):
    """Of `handlers.public`."""

    token_secret_arn: str


class ReceiptSettings(Settings):
    """Of all that makes receipts: who answers for what people permit (`controller`, by name), and what else a receipt
    has to say of them. `storage_location` is the region that the data is kept in."""

    controller: str
    controller_address: str
    controller_contact: str
    jurisdiction: str
    storage_location: str


class PreferencesSettings(PublicSettings, ReceiptSettings):
    """Of `handlers.preferences`. `public_url` is the base of links in messages, without a slash at the end."""

    public_url: str
    bus_name: str


class OnFormSubmittedSettings(AskingSettings):
    """Of `handlers.on_form_submitted`."""


class OnProfilesChangedSettings(AskingSettings):
    """Of `handlers.on_profiles_changed`."""

    bus_name: str


class OnRecoveryRequestedSettings(Settings):
    """Of `handlers.on_recovery_requested`."""

    evidence_table: str
    address_secret_arn: str
    bus_name: str


class ApiSettings(LedgerSettings, ReceiptSettings):
    """Of `handlers.api`."""

    anchors_table: str
    anchor_key_arn: str


class OnInboundSettings(LedgerSettings):
    """Of `handlers.on_inbound`."""

    token_secret_arn: str


class OnComplaintsSettings(LedgerSettings):
    """Of `handlers.on_complaints`."""


class OptOutsSettings(LedgerSettings):
    """Of `handlers.opt_outs`. `sms_opt_out_list` is the provider's, by name."""

    sms_opt_out_list: str


class OnSmsPermissionsSettings(OptOutsSettings):
    """Of `handlers.on_sms_permissions`."""


class PersonSettings(LedgerSettings):
    """Of `handlers.person`."""

    anchors_table: str


class OnMessageSentSettings(Settings):
    """Of `handlers.on_message_sent`."""

    ledger_table: str
    evidence_table: str


class AuditSettings(Settings):
    """Of `handlers.audit`."""

    ledger_table: str
    anchors_table: str
    anchor_key_arn: str


class AnchorSettings(AuditSettings):
    """Of `handlers.anchor`."""

    anchor_bucket: str


class LapsesSettings(Settings):
    """Of `handlers.lapses`."""

    ledger_table: str
    evidence_table: str


class OnLedgerStreamSettings(Settings):
    """Of `handlers.on_ledger_stream`. `public_url` is the base of links in messages, without a slash at the end."""

    purposes_table: str
    ledger_table: str
    evidence_table: str
    reminders_table: str
    address_secret_arn: str
    token_secret_arn: str
    public_url: str
    bus_name: str


class RemindSettings(OnLedgerStreamSettings):
    """Of `handlers.remind`."""
