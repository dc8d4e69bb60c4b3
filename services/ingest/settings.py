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


class AdminSettings(IdentitiesSettings):
    """Of `admin`, the marketers' routes."""

    sources_table: str


class OnEventsSettings(IdentitiesSettings):
    """Of `on_events`, the consumer of the intake queue."""

    lake_bucket: str


class OnProfilesStreamSettings(ProfileSettings):
    """Of `on_profiles_stream`, the publisher."""

    bus_name: str
