"""Settings of delivery's handlers: one class each, read from the environment."""

from __future__ import annotations

from services.shared.settings import Settings


class OnRequestsSettings(Settings):
    """Of the handler that sends. While nobody gave a pressure policy, `daily_cap` commercial messages a person gets in
    any 24 hours, and `brakes` say whether too many bounces and complaints stop journeys."""

    messages_table: str
    gates_table: str
    templates_table: str
    products_table: str
    address_secret_arn: str
    token_secret_arn: str
    public_url: str
    from_address: str
    configuration_set: str
    marketing_configuration_set: str
    sms_origination: str
    sms_configuration_set: str
    push_application_id: str
    work_table: str
    channel_secret_arn: str
    channel_places: str
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
    """Of the handler that copies contacts and learns tastes."""

    gates_table: str
    products_table: str
    address_secret_arn: str


class PersonSettings(Settings):
    """Of `person`."""

    messages_table: str
    gates_table: str
    work_table: str
    address_secret_arn: str


class OnFeedbackSettings(Settings):
    """Of the handler that notes what providers report."""

    messages_table: str
    gates_table: str


class OnReportFilesSettings(OnFeedbackSettings):
    """Of the handler that notes what providers report by the file."""

    reports_bucket: str
    feedback_queue_url: str


class OnExitsSettings(Settings):
    """Of the handler that notes the goals of journeys."""

    messages_table: str
    gates_table: str


class CompactSettings(Settings):
    """Of what keeps the reports' lines in the lake."""

    lake_bucket: str
    memory_mb: int


class ClicksSettings(Settings):
    """Of the public handler behind links and pictures; deliveries may be known so much later than they were."""

    messages_table: str
    feedback_queue_url: str
    token_secret_arn: str
    deliveries_late_seconds: int


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
    templates_table: str


class ApiSettings(Settings):
    """Of the marketers' routes."""

    messages_table: str
    gates_table: str


class WordingsSettings(Settings):
    """Of questions about templates and the pressure policy; while nobody gave one, `daily_cap` and `brakes` are it."""

    templates_table: str
    pressure_table: str
    daily_cap: int
    brakes: bool


class PressureSettings(Settings):
    """Of the routes of contact pressure."""

    pressure_table: str
    gates_table: str
    reports_table: str
    daily_cap: int
    brakes: bool


class RenewCalendarSettings(PressureSettings):
    """Of what looks the calendar up anew."""


class WatchPressureSettings(PressureSettings):
    """Of what watches brakes and guards."""


class OnPressureStreamSettings(Settings):
    """Of the outbox of what stops and goes on."""

    bus_name: str


class ChannelsSettings(Settings):
    """Of the marketers' routes about channels, tasks and orders; `channel_places` are the `host:port`s that the guard
    of webhooks lets be, separated by commas."""

    messages_table: str
    gates_table: str
    templates_table: str
    work_table: str
    orders_bucket: str
    channel_secret_arn: str
    channel_places: str


class OnWorkSettings(Settings):
    """Of the handler that takes in tasks and balances."""

    gates_table: str
    work_table: str


class OnWorkStreamSettings(Settings):
    """Of the outbox of tasks and passes."""

    gates_table: str
    bus_name: str


class OnPassUpdatesSettings(Settings):
    """Of the handler that tells the issuer of passes."""

    work_table: str
    templates_table: str
    channel_secret_arn: str
    channel_places: str


class OrderLettersSettings(Settings):
    """Of the daily order."""

    messages_table: str
    gates_table: str
    templates_table: str
    work_table: str
    orders_bucket: str


class InboundSettings(Settings):
    """Of what websites and apps ask."""

    products_table: str
    messages_table: str
    gates_table: str
    templates_table: str
    address_secret_arn: str


class TemplatesSettings(Settings):
    """Of the routes to what is said."""

    templates_table: str
    products_table: str


class PreviewsSettings(Settings):
    """Of previews and tests."""

    templates_table: str
    products_table: str
    gates_table: str
    from_address: str
    configuration_set: str
    marketing_configuration_set: str
