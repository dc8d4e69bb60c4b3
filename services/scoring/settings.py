"""What each handler reads from its environment."""

from __future__ import annotations

from services.shared.settings import Settings


class OnProfilesChangedSettings(Settings):
    """Of `on_profiles_changed`."""

    standings_table: str
    definitions_table: str
    consents_table: str
    address_secret_arn: str
    loyalty_table: str
    history_function: str


class OnConsentChangedSettings(Settings):
    """Of `on_consent_changed`."""

    standings_table: str
    definitions_table: str
    consents_table: str
    address_secret_arn: str


class OnListeningSettings(Settings):
    """Of `on_listening`."""

    definitions_table: str


class OnDefinitionsStreamSettings(Settings):
    """Of `on_definitions_stream`."""

    definitions_table: str
    bus_name: str


class SweepSettings(Settings):
    """Of `sweep`."""

    standings_table: str
    definitions_table: str
    consents_table: str
    address_secret_arn: str
    history_function: str
    loyalty_table: str


class ApiSettings(Settings):
    """Of `api`."""

    standings_table: str
    definitions_table: str
    consents_table: str
    address_secret_arn: str
    places_table: str
    history_function: str


class FeedsSettings(Settings):
    """Of `feeds`."""

    definitions_table: str
    mentions_table: str


class MentionsSettings(FeedsSettings):
    """Of `mentions`."""

    places_table: str


class PersonSettings(Settings):
    """Of `person`."""

    standings_table: str
    definitions_table: str
    consents_table: str
    loyalty_table: str


class AudienceSettings(Settings):
    """Of `audience`."""

    standings_table: str
    definitions_table: str
    consents_table: str
    places_table: str


class OnStandingsStreamSettings(Settings):
    """Of `on_standings_stream`."""

    bus_name: str
    places_table: str


class LoyaltySettings(Settings):
    """Of `loyalty`."""

    loyalty_table: str
    standings_table: str
    consents_table: str


class OnLoyaltyStreamSettings(Settings):
    """Of `on_loyalty_stream`."""

    bus_name: str


class DefinitionsSettings(Settings):
    """Of `definitions`."""

    definitions_table: str
