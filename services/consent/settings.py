"""What each handler reads from its environment."""

from __future__ import annotations

from services.shared.settings import Settings


class BrandSettings(Settings):
    """Of all that shows pages, or says how they look."""

    purposes_table: str


class AskingSettings(Settings):
    """Of all that records requests. `requests_per_ip` is how many one IP address may make a day."""

    purposes_table: str
    ledger_table: str
    evidence_table: str
    address_secret_arn: str
    requests_per_ip: int


class PublicSettings(AskingSettings):
    """Of `handlers.public`."""

    token_secret_arn: str


class PreferencesSettings(PublicSettings):
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


class ApiSettings(Settings):
    """Of `handlers.api`."""

    purposes_table: str
    ledger_table: str
    evidence_table: str
    address_secret_arn: str


class LapsesSettings(Settings):
    """Of `handlers.lapses`."""

    ledger_table: str
    evidence_table: str


class PersonSettings(ApiSettings):
    """Of `handlers.person`."""


class OnLedgerStreamSettings(Settings):
    """Of `handlers.on_ledger_stream`. `public_url` is the base of links in messages, without a slash at the end."""

    purposes_table: str
    ledger_table: str
    evidence_table: str
    token_secret_arn: str
    public_url: str
    bus_name: str
