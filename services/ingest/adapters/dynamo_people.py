"""People over the identity graph and the profiles: whom an identifier stands for, and taking somebody away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from services.ingest.adapters.dynamo_identities import DynamoIdentities
from services.ingest.adapters.dynamo_profiles import DynamoProfiles
from services.ingest.domain.history import EPOCH
from services.ingest.domain.identifiers import Identifier, email_identifier, phone_identifier
from services.ingest.domain.person import Attribute, KnownBy, Person
from services.ingest.domain.policy import strength
from services.ingest.domain.profile import Profile, erased
from services.ingest.domain.records import Record
from services.shared.aws.dynamo import Table
from services.shared.contracts.person import Address

_READ = {"email": email_identifier, "sms": phone_identifier}


class DynamoPeople:
    """Port `People`."""

    def __init__(self, identities: DynamoIdentities, profiles: DynamoProfiles) -> None:
        self._identities = identities
        self._profiles = profiles

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

    def forget(self, person: Person, at: datetime) -> int:
        """The identifiers go first and the profile itself last: until then the person can be found again."""
        identifiers = [Identifier(one.kind, one.value) for one in person.known_by]
        gone = self._identities.uproot(identifiers, person.profile_ids)
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
