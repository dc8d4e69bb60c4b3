"""What each handler of ingest reads from its environment."""

from __future__ import annotations

from services.shared.settings import Settings


class ApiSettings(Settings):
    """Of `api`, the HTTP front door."""

    sources_table: str
    rates_table: str
    attributes_table: str
    queue_url: str
    bus_name: str


class AttributesSettings(Settings):
    """Of `attributes`, the registry of attributes."""

    attributes_table: str


class OnAttributesStreamSettings(Settings):
    """Of `on_attributes_stream`, which tells of it."""

    bus_name: str


class SourcesSettings(Settings):
    """Of `sources`, the registry of client systems."""

    sources_table: str


class ProfileSettings(Settings):
    """Of whoever reads profiles."""

    profiles_table: str
    profile_parts_table: str


class HistorySettings(ProfileSettings):
    """Of `history`."""


class IdentitiesSettings(ProfileSettings):
    """Of `identities`, the marketers' routes about who is who; and of whoever else reads the graph."""

    identities_table: str


class WhoSettings(IdentitiesSettings):
    """Of `who`."""


class OnEventsSettings(IdentitiesSettings):
    """Of `on_events`, the consumer of the intake queue."""

    sources_table: str
    sinks_table: str
    attributes_table: str
    imports_table: str
    erasures_table: str
    address_secret_arn: str
    lake_bucket: str
    queue_url: str


class FirmsSettings(Settings):
    """Of `firms`, the marketers' routes; and of whoever else knows firms."""

    firms_table: str


class OnFirmsStreamSettings(FirmsSettings):
    """Of `on_firms_stream`, which tells members."""

    bus_name: str


class OnProfilesStreamSettings(ProfileSettings, FirmsSettings):
    """Of `on_profiles_stream`, the publisher."""

    bus_name: str
    lake_bucket: str
    erasures_table: str
    address_secret_arn: str


class CompactSettings(Settings):
    """Of `compact`, which keeps the lake; `memory_mb` is what DuckDB may use before it spills."""

    lake_bucket: str
    profiles_table: str
    memory_mb: str


class FiguresSettings(Settings):
    """Of `figures`, the marketers' reports that need everybody's past."""

    lake_bucket: str
    compact_function: str


class ImportsSettings(Settings):
    """Of `imports`, the marketers' routes about imports."""

    imports_table: str
    sources_table: str
    lake_bucket: str
    imports_url: str


class OnImportsSettings(IdentitiesSettings):
    """Of `on_imports`, which works through files."""

    imports_table: str
    sources_table: str
    attributes_table: str
    lake_bucket: str
    imports_url: str
    queue_url: str
    compact_function: str


class ProfilesSettings(IdentitiesSettings):
    """Of `profiles`, the single customer view. `person_functions` is JSON: service to function; `lake_bucket` takes
    large exports, which wait in the queue at `exports_queue_url`."""

    lake_bucket: str
    compact_function: str
    person_functions: str
    exports_queue_url: str


class OnExportsSettings(ProfilesSettings):
    """Of `on_exports`, which works large exports off."""


class ErasuresSettings(IdentitiesSettings):
    """Of `erasures`, the requests to be forgotten."""

    erasures_table: str
    erasures_queue_url: str


class OnErasuresSettings(IdentitiesSettings, FirmsSettings):
    """Of `on_erasures`, which works them off. `person_functions` is JSON: service to function."""

    erasures_table: str
    erasures_queue_url: str
    address_secret_arn: str
    lake_bucket: str
    compact_function: str
    bus_name: str
    person_functions: str


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
