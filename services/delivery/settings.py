"""Settings of delivery's handlers: one class each, read from the environment."""

from __future__ import annotations

from services.shared.settings import Settings


class OnRequestsSettings(Settings):
    """Of the handler that sends. While nobody gave a pressure policy, `daily_cap` commercial messages a person gets in
    any 24 hours, and `brakes` say whether too many bounces and complaints stop journeys."""

    messages_table: str
    gates_table: str
    templates_table: str
    address_secret_arn: str
    token_secret_arn: str
    public_url: str
    from_address: str
    configuration_set: str
    sms_origination: str
    sms_configuration_set: str
    push_application_id: str
    daily_cap: int
    brakes: bool
    pressure_table: str


class SweepSettings(OnRequestsSettings):
    """Of the sweep; `sweep_after_seconds` is how long a message may wait for its answer or feedback."""

    sweep_after_seconds: int


class OnConsentSettings(Settings):
    """Of the handler that copies permissions."""

    messages_table: str
    gates_table: str


class OnProfilesChangedSettings(Settings):
    """Of the handler that copies contacts."""

    gates_table: str
    address_secret_arn: str


class PersonSettings(Settings):
    """Of `person`."""

    messages_table: str
    gates_table: str
    address_secret_arn: str


class OnFeedbackSettings(Settings):
    """Of the handler that notes what providers report."""

    messages_table: str
    gates_table: str


class OnExitsSettings(Settings):
    """Of the handler that notes the goals of journeys."""

    messages_table: str
    gates_table: str


class CompactSettings(Settings):
    """Of what keeps the reports' lines in the lake."""

    lake_bucket: str
    memory_mb: int


class ClicksSettings(Settings):
    """Of the public handler behind links and pictures."""

    messages_table: str
    feedback_queue_url: str
    token_secret_arn: str


class OnMessagesStreamSettings(Settings):
    """Of the outbox."""

    reports_table: str
    lake_bucket: str
    bus_name: str


class OutcomesSettings(Settings):
    """Of questions about what came of messages."""

    reports_table: str


class OnStagesSettings(Settings):
    """Of the handler that counts who comes to which stage."""

    reports_table: str


class ReportsSettings(Settings):
    """Of the routes of reports."""

    reports_table: str


class ApiSettings(Settings):
    """Of the marketers' routes."""

    messages_table: str
    gates_table: str
    templates_table: str


class PressureSettings(Settings):
    """Of the routes of contact pressure, the function that looks its calendar up anew, and the one that watches."""

    pressure_table: str
    gates_table: str
    reports_table: str
    daily_cap: int
    brakes: bool


class OnPressureStreamSettings(Settings):
    """Of the outbox of what stops and goes on."""

    bus_name: str
