"""Joins what scores people with AWS."""

from __future__ import annotations

from functools import cache

from services.scoring.adapters.consents_table import ConsentsTable
from services.scoring.adapters.definitions_table import DefinitionsTable
from services.scoring.adapters.ingest_histories import IngestHistories
from services.scoring.adapters.library_files import templates
from services.scoring.adapters.pass_cursor import PassCursor
from services.scoring.adapters.places_table import PlacesTable
from services.scoring.adapters.standings_table import StandingsTable
from services.scoring.bootstrap import loyalty
from services.scoring.ports import Consents, DefinitionReader, PlaceBook, Publisher
from services.scoring.service.audience import Audience
from services.scoring.service.backfill import Backfill
from services.scoring.service.definition_desk import CachedDefinitions, Desk
from services.scoring.service.library_desk import LibraryDesk
from services.scoring.service.list_desk import ListDesk
from services.scoring.service.listening import Listenings
from services.scoring.service.lists import Lists
from services.scoring.service.next_best_desk import NextBest
from services.scoring.service.person import Person
from services.scoring.service.preview import Preview
from services.scoring.service.reach import AddressBook
from services.scoring.service.scoring import Scoring
from services.scoring.service.sweep import Sweep
from services.scoring.service.whereabouts import Whereabouts
from services.scoring.settings import (
    ApiSettings,
    AudienceSettings,
    OnConsentChangedSettings,
    OnDefinitionsStreamSettings,
    OnListeningSettings,
    OnProfilesChangedSettings,
    OnStandingsStreamSettings,
    PersonSettings,
    SweepSettings,
)
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text


@cache
def on_profiles_changed() -> Scoring:
    """For the reactor."""
    return _asking(OnProfilesChangedSettings.from_env())


@cache
def on_consent_changed() -> tuple[Scoring, Consents]:
    """For the reactor to permissions."""
    settings = OnConsentChangedSettings.from_env()
    return _asking(settings), ConsentsTable(Table(settings.consents_table))


@cache
def on_listening() -> Listenings:
    """For what journeys need to hear."""
    settings = OnListeningSettings.from_env()
    return Listenings(DefinitionsTable(Table(settings.definitions_table)), settings.clock())


@cache
def on_definitions_stream() -> tuple[DefinitionReader, Publisher]:
    """For the stream of the table of definitions."""
    settings = OnDefinitionsStreamSettings.from_env()
    return DefinitionsTable(Table(settings.definitions_table)), Bus(settings.bus_name)


@cache
def sweep() -> Sweep:
    """For the scheduled sweep."""
    settings = SweepSettings.from_env()
    return Sweep(
        _asking(settings),
        _standings(settings),
        PassCursor(Table(settings.definitions_table)),
        IngestHistories(settings.history_function),
        settings.clock(),
    )


@cache
def desk() -> Desk:
    """For the marketers' routes."""
    settings = ApiSettings.from_env()
    return Desk(
        DefinitionsTable(Table(settings.definitions_table)),
        _standings(settings),
        settings.clock(),
    )


@cache
def person() -> Person:
    """For questions about one person."""
    settings = PersonSettings.from_env()
    return Person(
        _standings(settings),
        DefinitionsTable(Table(settings.definitions_table)),
        _scoring(settings).erase,
        loyalty.person(),
    )


@cache
def whereabouts() -> Whereabouts:
    """For the marketers' routes over many people."""
    settings = ApiSettings.from_env()
    return Whereabouts(
        DefinitionsTable(Table(settings.definitions_table)),
        PlacesTable(Table(settings.places_table)),
        settings.clock(),
    )


@cache
def audience() -> Audience:
    """For services that address people."""
    settings = AudienceSettings.from_env()
    return Audience(
        DefinitionsTable(Table(settings.definitions_table)),
        PlacesTable(Table(settings.places_table)),
        _standings(settings),
    )


@cache
def hand() -> Scoring:
    """For moves that a person makes."""
    return _scoring(ApiSettings.from_env())


def list_desk() -> ListDesk:
    """For the lists of static segments. Made for each request: who has just defined one can fill it at once."""
    settings = ApiSettings.from_env()
    definitions = CachedDefinitions(DefinitionsTable(Table(settings.definitions_table)))
    standings = _standings(settings)
    lists = Lists(standings, definitions, settings.clock())
    return ListDesk(definitions, lists, PlacesTable(Table(settings.places_table)))


@cache
def preview() -> Preview:
    """For segments that are not saved yet."""
    settings = ApiSettings.from_env()
    return Preview(
        DefinitionsTable(Table(settings.definitions_table)),
        _standings(settings),
        IngestHistories(settings.history_function),
        settings.clock(),
        _address_book(settings),
    )


@cache
def backfill() -> Backfill:
    """For what a change of definitions has still to do."""
    settings = ApiSettings.from_env()
    table = Table(settings.definitions_table)
    return Backfill(DefinitionsTable(table), PassCursor(table), _standings(settings))


@cache
def next_best() -> NextBest:
    """For what to do next for one person."""
    settings = ApiSettings.from_env()
    return NextBest(
        DefinitionsTable(Table(settings.definitions_table)),
        _standings(settings),
        IngestHistories(settings.history_function),
    )


@cache
def library() -> LibraryDesk:
    """For the routes of the library."""
    return LibraryDesk(templates(), desk())


@cache
def place_book() -> PlaceBook:
    """For the table's stream."""
    return PlacesTable(Table(OnStandingsStreamSettings.from_env().places_table))


@cache
def publisher() -> Publisher:
    """For the table's stream."""
    return Bus(OnStandingsStreamSettings.from_env().bus_name)


AnySettings = (
    OnProfilesChangedSettings
    | OnConsentChangedSettings
    | SweepSettings
    | PersonSettings
    | ApiSettings
    | AudienceSettings
)


def _scoring(settings: PersonSettings | ApiSettings) -> Scoring:
    """For writes by which nobody gets an address."""
    return Scoring(
        _standings(settings),
        CachedDefinitions(DefinitionsTable(Table(settings.definitions_table))),
        settings.clock(),
    )


def _asking(settings: OnProfilesChangedSettings | OnConsentChangedSettings | SweepSettings) -> Scoring:
    return Scoring(
        _standings(settings),
        CachedDefinitions(DefinitionsTable(Table(settings.definitions_table))),
        settings.clock(),
        _address_book(settings),
    )


def _address_book(
    settings: OnProfilesChangedSettings | OnConsentChangedSettings | SweepSettings | ApiSettings,
) -> AddressBook:
    return AddressBook(
        ConsentsTable(Table(settings.consents_table)), lambda: secret_text(settings.address_secret_arn)
    )


def _standings(settings: AnySettings) -> StandingsTable:
    return StandingsTable(Table(settings.standings_table), ConsentsTable(Table(settings.consents_table)))
