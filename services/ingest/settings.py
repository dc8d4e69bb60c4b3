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


class CompactSettings(Settings):
    """Of `compact`, which keeps the lake; `memory_mb` is what DuckDB may use before it spills."""

    lake_bucket: str
    memory_mb: str


class ImportsSettings(Settings):
    """Of `imports`, the marketers' routes about imports."""

    imports_table: str
    sources_table: str
    lake_bucket: str
    imports_url: str


class OnImportsSettings(Settings):
    """Of `on_imports`, which works through files."""

    imports_table: str
    sources_table: str
    identities_table: str
    profiles_table: str
    profile_parts_table: str
    lake_bucket: str
    imports_url: str
    queue_url: str
