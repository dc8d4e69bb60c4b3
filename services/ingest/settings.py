"""What each handler of ingest reads from its environment."""

from __future__ import annotations

from services.shared.settings import Settings


class ApiSettings(Settings):
    """Of `api`, the HTTP front door."""

    sources_table: str
    queue_url: str


class ProfileSettings(Settings):
    """Of whoever reads profiles."""

    profiles_table: str
    profile_parts_table: str


class IdentitiesSettings(ProfileSettings):
    """Of `identities`, the marketers' routes about who is who; and of whoever else reads the graph."""

    identities_table: str


class AdminSettings(Settings):
    """Of `admin`, the marketers' routes."""

    sources_table: str


class OnEventsSettings(IdentitiesSettings):
    """Of `on_events`, the consumer of the intake queue."""

    erasures_table: str
    address_secret_arn: str
    lake_bucket: str


class OnProfilesStreamSettings(ProfileSettings):
    """Of `on_profiles_stream`, the publisher."""

    bus_name: str


class ProfilesSettings(IdentitiesSettings):
    """Of `profiles`, the single customer view. `person_functions` is JSON: service to function."""

    lake_bucket: str
    person_functions: str


class ErasuresSettings(IdentitiesSettings):
    """Of `erasures`, the requests to be forgotten."""

    erasures_table: str
    erasures_queue_url: str


class OnErasuresSettings(IdentitiesSettings):
    """Of `on_erasures`, which works them off. `person_functions` is JSON: service to function."""

    erasures_table: str
    erasures_queue_url: str
    address_secret_arn: str
    lake_bucket: str
    bus_name: str
    person_functions: str
