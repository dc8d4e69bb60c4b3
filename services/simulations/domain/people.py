"""People as scoring knows them, in memory: every change is judged by scoring's own domain, and told as its outbox
tells it."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.scoring.domain.definitions import Definitions
from services.scoring.domain.judging import let_time_pass, take_in
from services.scoring.domain.permissions import ADDRESS_TRAITS, Consents, Permission, Permissions, Reached
from services.scoring.domain.permitting import permit
from services.scoring.domain.standing import ProfileStanding
from services.scoring.service.outbox import facts_of
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import CustomerEvent, ProfileChange
from services.shared.contracts.scoring import TraitsCarried
from services.shared.errors import Invalid
from services.simulations.domain.desk import key_of


@dataclass
class Person:
    """Somebody: traits as they are, how often they changed, and where scoring has them."""

    traits: dict[str, Any] = field(default_factory=dict)
    version: int = 0
    standing: ProfileStanding | None = None


class People:
    """Everybody. Each change returns the facts that scoring would publish, as journeys takes them."""

    def __init__(self, definitions: Definitions) -> None:
        self.permissions: dict[str, Permissions] = {}
        self._definitions = definitions
        self._people: dict[str, Person] = {}
        self._due: list[tuple[datetime, str]] = []

    def traits(self, who: str) -> Mapping[str, Any]:
        """What is known of somebody."""
        return self._people.setdefault(who, Person()).traits

    def standing(self, who: str) -> ProfileStanding | None:
        """Where scoring has somebody; `None`: nothing was ever told of them."""
        return self._people.setdefault(who, Person()).standing

    def inside(self, segment: str) -> list[str]:
        """Those who are in a segment, in the order in which they came to be known."""
        found = ((who, one.standing) for who, one in self._people.items())
        return [who for who, standing in found if standing and segment in standing.segments]

    @property
    def next_due(self) -> datetime | None:
        """When time alone may change somebody next."""
        return self._due[0][0] if self._due else None

    def tell(self, who: str, now: datetime, event: CustomerEvent, traits: Mapping[str, Any]) -> list[Fact]:
        """Somebody did something, or has other traits now (`None` takes one away)."""
        person = self._people.setdefault(who, Person())
        merged = {**person.traits, **traits}
        person.traits = {name: value for name, value in merged.items() if value is not None}
        person.version += 1
        change = ProfileChange(
            profile_id=who, version=person.version, at=now, events=[event], traits=person.traits
        )
        after = take_in(who, person.standing, [change], self._definitions, now, self._reached(person))
        return self._stand(who, after)

    def meet(
        self, who: str, now: datetime, event: CustomerEvent, traits: Mapping[str, Any], consents: Consents
    ) -> list[Fact]:
        """Somebody with these traits, who permitted this before.

        Raises:
            Invalid: something is permitted on a channel where they have no address.
        """
        for purpose, by_channel in consents.items():
            for channel, state in by_channel.items():
                self._permit(who, traits, now, purpose, channel, state)
        return self.tell(who, now, event, traits)

    def allow(self, who: str, now: datetime, purpose: str, channel: str, state: str) -> list[Fact]:
        """Somebody gave or took back a permission, for the address that they have now.

        Raises:
            Invalid: they have none on that channel.
        """
        person = self._people.setdefault(who, Person())
        self._permit(who, person.traits, now, purpose, channel, state)
        if person.standing is None:
            return []
        return self._stand(who, permit(person.standing, self._reached(person), self._definitions, now))

    def _permit(
        self, who: str, traits: Mapping[str, Any], now: datetime, purpose: str, channel: str, state: str
    ) -> None:
        address = traits.get(ADDRESS_TRAITS.get(channel, ""))
        if not isinstance(address, str):
            raise Invalid(
                "no_address", f"{who} has no address for {channel}, so nothing can be permitted there"
            )
        key = key_of(channel, address)
        held = self.permissions.get(key, Permissions())
        given = {**held.held, (purpose, channel): Permission(state, now)}
        self.permissions[key] = replace(held, version=held.version + 1, held=given)

    def let_time_pass(self, now: datetime) -> list[Fact]:
        """What is due by `now`, of whoever is due first."""
        _, who = heapq.heappop(self._due)
        standing = self._people[who].standing
        if standing is None or standing.due_at is None or standing.due_at > now:
            return []
        return self._stand(who, let_time_pass(standing, self._definitions, now))

    def _stand(self, who: str, after: ProfileStanding | None) -> list[Fact]:
        if after is None:
            return []
        self._people[who].standing = after
        if after.due_at is not None:
            heapq.heappush(self._due, (after.due_at, who))
        # Dates and zones must be known before somebody enters who is met by them.
        return sorted(facts_of([after]), key=lambda fact: not isinstance(fact, TraitsCarried))

    def _reached(self, person: Person) -> Reached:
        addresses = {
            channel: key_of(channel, address)
            for channel, name in ADDRESS_TRAITS.items()
            if channel in self._definitions.needs.channels
            and isinstance(address := person.traits.get(name), str)
        }
        return Reached(addresses, self.permissions)
