"""People over the identity graph and the profiles: whom an identifier stands for, and taking somebody away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from services.ingest.adapters.dynamo_identities import DynamoIdentities
from services.ingest.adapters.dynamo_profiles import DynamoProfiles
from services.ingest.domain.history import EPOCH
from services.ingest.domain.identifiers import Identifier, email_identifier, phone_identifier
from services.ingest.domain.person import Attribute, KnownBy, Person
from services.ingest.domain.policy import strength
from services.ingest.domain.profile import Profile, erased
from services.ingest.domain.regroup import Component
from services.ingest.domain.rulings import Rulings, ruled
from services.ingest.people.ports import Parted
from services.shared.aws.dynamo import Table
from services.shared.contracts.person import Address
from services.shared.records import Record

_READ = {"email": email_identifier, "sms": phone_identifier}


class DynamoPeople:
    """Port `People`. What taking somebody away rules on the others is told to `keep` before it is done."""

    def __init__(
        self,
        identities: DynamoIdentities,
        profiles: DynamoProfiles,
        keep: Callable[[Sequence[Rulings]], object] = lambda _: None,
    ) -> None:
        self._identities = identities
        self._profiles = profiles
        self._keep = keep

    def by_identifier(self, readings: Sequence[Identifier]) -> Person | None:
        owners = self._identities.owners(readings)
        found = next((owners[one] for one in readings if one in owners), None)
        return self.by_id(found) if found else None

    def whose(self, identifiers: Iterable[Identifier]) -> dict[Identifier, str]:
        owners = self._identities.owners(identifiers)
        there = self._profiles.load_hot(owners.values())
        return {
            identifier: there[owner].merged_into or owner
            for identifier, owner in owners.items()
            if owner in there and not there[owner].is_erased
        }

    def by_id(self, profile_id: str) -> Person | None:
        profile = self._profiles.follow([profile_id]).get(profile_id)
        return None if profile is None or profile.is_erased else _person(profile)

    def addresses(self, person: Person, known: Iterable[Record]) -> list[Address]:
        given = person.addresses(known)
        read = {one: _READ[one.channel](one.address) for one in given}
        owners = self._identities.owners(i for i in read.values() if i)
        return [one for one, i in read.items() if i is None or owners.get(i) in (None, *person.profile_ids)]

    def names(self, person: Person) -> list[Identifier]:
        own = [Identifier(one.kind, one.value) for one in person.known_by]
        return sorted({*own, *self._identities.names(own, person.profile_ids)}, key=strength)

    def parted(self, person: Person) -> Parted:
        own = set(person.profile_ids)
        known = self._identities.known(Identifier(one.kind, one.value) for one in person.known_by)
        graphs = self._identities.components({one.graph_id for one in known.values() if one.graph_id})
        told = (d for graph in graphs.values() for d in self._identities.decisions(graph))
        met = {id_ for d in told if own & {d.profile, *d.others} for id_ in (d.profile, *d.others)}
        if not met - own:
            return Parted()
        others: dict[Identifier | str, str] = {}
        for graph in graphs.values():
            others |= {i: owner for i, owner in graph.owners.items() if owner and owner not in own}
            others |= {home: leads for home, leads in graph.leads.items() if leads not in own}
        return Parted(tuple(sorted(met - own)), others)

    def forget(self, person: Person, at: datetime) -> int:
        """The identifiers go first and the profile itself last: until then the person can be found again."""
        identifiers = [Identifier(one.kind, one.value) for one in person.known_by]

        def foretell(before: Component, after: Component) -> None:
            if rulings := ruled([before], after, round(at.timestamp() * 1000)):
                self._keep([rulings.among(after.nodes)])

        gone = self._identities.uproot(identifiers, person.profile_ids, foretell)
        for profile_id in reversed(person.profile_ids):
            profile = self._profiles.load_hot([profile_id]).get(profile_id)
            if profile is not None and not profile.is_erased:
                self._profiles.save(erased(profile, at), ())
                gone += 1
        return gone


class DynamoHistories:
    """Port `Histories`: everything in the table of parts."""

    def __init__(self, parts: Table) -> None:
        self._parts = parts

    def forget(self, profile_ids: Iterable[str]) -> int:
        gone = 0
        for profile_id in profile_ids:
            items = self._parts.query("profile_id = :id", values={":id": profile_id}, consistent=True)
            gone += self._parts.delete_many({"profile_id": profile_id, "part": i["part"]} for i in items)
        return gone


def _person(profile: Profile) -> Person:
    identifiers = sorted(profile.identifiers, key=strength)
    return Person(
        profile_id=profile.profile_id,
        strips=profile.strips(),
        known_by=tuple(KnownBy(one.kind, one.value) for one in identifiers),
        attributes={
            name: Attribute(trait.value, EPOCH + timedelta(milliseconds=trait.at), trait.source, trait.kind)
            for name, trait in profile.known_traits().items()
        },
        counts=profile.counts,
        version=profile.version,
        created_at=profile.created_at,
        updated_at=profile.updated_at,
    )
