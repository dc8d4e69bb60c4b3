"""What each handler reads from its environment."""

from __future__ import annotations

from services.shared.settings import Settings


class AskingSettings(Settings):
    """Of all that records requests. `requests_per_ip` is how many one IP address may make a day, `requests_per_day`
    how many all may make together."""

    purposes_table: str
    ledger_table: str
    evidence_table: str
    address_secret_arn: str
    requests_per_ip: int
    requests_per_day: int


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


class OnInboundSettings(ApiSettings):
    """Of `handlers.on_inbound`."""

    token_secret_arn: str


class OnComplaintsSettings(ApiSettings):
    """Of `handlers.on_complaints`."""


class OptOutsSettings(ApiSettings):
    """Of `handlers.opt_outs`. `sms_opt_out_list` is the provider's, by name."""

    sms_opt_out_list: str


class OnSmsPermissionsSettings(OptOutsSettings):
    """Of `handlers.on_sms_permissions`."""


class PersonSettings(ApiSettings):
    """Of `handlers.person`."""


class OnLedgerStreamSettings(Settings):
    """Of `handlers.on_ledger_stream`. `public_url` is the base of links in messages, without a slash at the end."""

    purposes_table: str
    evidence_table: str
    reminders_table: str
    address_secret_arn: str
    token_secret_arn: str
    public_url: str
    bus_name: str


class RemindSettings(OnLedgerStreamSettings):
    """Of `handlers.remind`."""

    ledger_table: str
