"""What each handler of ingest reads from its environment."""

from __future__ import annotations

from services.shared.settings import Settings


class ApiSettings(Settings):
    """Of `api`, the HTTP front door."""

    sources_table: str
    rates_table: str
    queue_url: str


class SourcesSettings(Settings):
    """Of `sources`, the registry of client systems."""

    sources_table: str


class AdminSettings(Settings):
    """Of `admin`, the marketers' routes."""

    identities_table: str
    profiles_table: str
    profile_parts_table: str


class OnEventsSettings(Settings):
    """Of `on_events`, the consumer of the intake queue."""

    sources_table: str
    identities_table: str
    profiles_table: str
    profile_parts_table: str
    lake_bucket: str


class OnProfilesStreamSettings(Settings):
    """Of `on_profiles_stream`, the publisher."""

    bus_name: str
    profiles_table: str
    profile_parts_table: str


class SinksSettings(Settings):
    """Of `sinks`, the marketers' routes. `sink_places` (`host:port`) are exempt from the guard of webhooks,
    `sink_buses` (ARNs) are the event buses this deployment may write to; both with commas between them."""

    sinks_table: str
    sink_secret_arn: str
    sink_places: str = ""
    sink_buses: str = ""


class OnProfilesChangedSettings(Settings):
    """Of `on_profiles_changed`, which queues deliveries."""

    sinks_table: str
    forwarding_table: str
    deliveries_url: str
    sink_secret_arn: str


class OnDeliveriesSettings(SinksSettings):
    """Of `on_deliveries`, which makes them."""

    forwarding_table: str
    deliveries_url: str


class SweepSinksSettings(OnDeliveriesSettings):
    """Of `sweep_sinks`."""


class FormsSettings(Settings):
    """Of `forms`, the marketers' routes."""

    forms_table: str


class SubmissionsSettings(Settings):
    """Of `submissions`, the public route."""

    forms_table: str
    form_rates_table: str
    bus_name: str
    address_secret_arn: str
