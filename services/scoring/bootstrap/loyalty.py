"""Joins the use cases of loyalty points with AWS."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from services.scoring.adapters.consents_table import ConsentsTable
from services.scoring.adapters.ingest_histories import IngestHistories
from services.scoring.adapters.loyalty_table import LoyaltyTable, ProgrammeItem
from services.scoring.adapters.standings_table import StandingsTable
from services.scoring.loyalty.desk import LoyaltyDesk
from services.scoring.loyalty.keeping import Keeping
from services.scoring.loyalty.person import LoyaltyPerson
from services.scoring.loyalty.referring import Referring
from services.scoring.ports import Publisher, Standings, UnreadableStanding
from services.scoring.service.current import current_standing
from services.scoring.settings import (
    LoyaltySettings,
    OnLoyaltyStreamSettings,
    OnProfilesChangedSettings,
    PersonSettings,
    SweepSettings,
)
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.clock import from_iso


@cache
def keeping() -> Keeping:
    """For the reactor."""
    settings = OnProfilesChangedSettings.from_env()
    table, clock = Table(settings.loyalty_table), settings.clock()
    standings = StandingsTable(Table(settings.standings_table), ConsentsTable(Table(settings.consents_table)))
    accounts = LoyaltyTable(table)
    referring = Referring(accounts, OrdersOf(standings), IngestHistories(settings.history_function), clock)
    return Keeping(accounts, ProgrammeItem(table), clock, referring)


@cache
def sweeping() -> Keeping:
    """For the scheduled sweep."""
    settings = SweepSettings.from_env()
    return _without_events(settings)


@cache
def person() -> LoyaltyPerson:
    """For questions about one person."""
    settings = PersonSettings.from_env()
    table = Table(settings.loyalty_table)
    return LoyaltyPerson(LoyaltyTable(table), _without_events(settings))


@cache
def desk() -> LoyaltyDesk:
    """For the routes."""
    settings = LoyaltySettings.from_env()
    table = Table(settings.loyalty_table)
    standings = StandingsTable(Table(settings.standings_table), ConsentsTable(Table(settings.consents_table)))
    return LoyaltyDesk(
        LoyaltyTable(table),
        ProgrammeItem(table),
        lambda profile_id: current_standing(standings, profile_id).profile_id,
        settings.clock(),
    )


@cache
def publisher() -> Publisher:
    """For the table's stream."""
    return Bus(OnLoyaltyStreamSettings.from_env().bus_name)


class OrdersOf:
    """Port `FirstOrders`, by standings."""

    def __init__(self, standings: Standings) -> None:
        self._standings = standings

    def first_order_at(self, profile_id: str) -> datetime | None:
        standing = self._standings.load([profile_id], consistent=True).get(profile_id)
        if isinstance(standing, UnreadableStanding):
            raise standing
        first = standing.facts.get("first_order_at") if standing else None
        return from_iso(first) if first else None


def _without_events(settings: SweepSettings | PersonSettings) -> Keeping:
    table = Table(settings.loyalty_table)
    return Keeping(LoyaltyTable(table), ProgrammeItem(table), settings.clock())
