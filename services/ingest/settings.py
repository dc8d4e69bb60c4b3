"""What each handler of ingest reads from its environment."""

from __future__ import annotations

from services.shared.settings import Settings


class ApiSettings(Settings):
    """Of `api`, the HTTP front door."""

    sources_table: str
    queue_url: str


class AdminSettings(Settings):
    """Of `admin`, the marketers' routes."""

    sources_table: str


class OnEventsSettings(Settings):
    """Of `on_events`, the consumer of the intake queue."""

    identities_table: str
    profiles_table: str
    profile_parts_table: str
    erasures_table: str
    address_secret_arn: str
    lake_bucket: str


class OnProfilesStreamSettings(Settings):
    """Of `on_profiles_stream`, the publisher."""

    bus_name: str
    profiles_table: str
    profile_parts_table: str


class ProfilesSettings(Settings):
    """Of `profiles`, the single customer view. `person_functions` is JSON: service to function."""

    identities_table: str
    profiles_table: str
    profile_parts_table: str
    lake_bucket: str
    person_functions: str


class ErasuresSettings(Settings):
    """Of `erasures`, the requests to be forgotten."""

    identities_table: str
    profiles_table: str
    profile_parts_table: str
    erasures_table: str
    erasures_queue_url: str


class OnErasuresSettings(Settings):
    """Of `on_erasures`, which works them off. `person_functions` is JSON: service to function."""

    identities_table: str
    profiles_table: str
    profile_parts_table: str
    erasures_table: str
    erasures_queue_url: str
    address_secret_arn: str
    lake_bucket: str
    bus_name: str
    person_functions: str
