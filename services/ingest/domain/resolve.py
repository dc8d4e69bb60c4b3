"""Who did it: events to profiles, by what the identity graph knows and by what the batch itself reveals.

Events that name several identifiers are read first, in time order, so that an anonymous visit and the log-in that
explains it land on one profile even when the visit comes first in the batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import (
    ANONYMOUS_ID,
    MAX_PER_KIND,
    USER_ID,
    Identifier,
    strength,
)
from services.ingest.domain.validate import Call

CONFLICT = "identity_conflict"
"""Note of an event whose identifiers belong to different people; the strongest decided."""

FULL = "identifier_limit"
"""Note of an event whose new identifier was not attached, because the profile has too many of that kind."""


@dataclass
class Resolution:
    """Per receipt: the profile and a note; and the identifiers to claim, strongest first."""

    profile_of: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    claims: dict[Identifier, str] = field(default_factory=dict)
    identifiers_of: dict[str, set[Identifier]] = field(default_factory=lambda: defaultdict(set))


def lookups(calls: Iterable[Call]) -> set[Identifier]:
    """Every identifier whose owner `resolve` may ask for."""
    wanted: set[Identifier] = set()
    for call in calls:
        wanted.update(call.identifiers)
        if call.previous_id:
            wanted |= {Identifier(USER_ID, call.previous_id), Identifier(ANONYMOUS_ID, call.previous_id)}
    return wanted


def resolve(
    signed: Sequence[Signed],
    owners: Mapping[Identifier, str],
    holdings: Mapping[str, Iterable[Identifier]],
    new_profile_id: Callable[[], str],
) -> Resolution:
    """Assign a profile to every call.

    `owners` says which profile an identifier belongs to, `holdings` which identifiers a profile has. Nothing is
    merged: an identifier that has an owner keeps it. The caller makes the claims, and asks again with what it then
    reads when somebody else was faster.
    """
    resolver = _Resolver(signed, owners, holdings, new_profile_id)
    for one in sorted(signed, key=lambda s: (len(resolver.names(s.call)) < 2, s.order)):
        resolver.assign(one)
    done = resolver.done
    done.claims = dict(sorted(done.claims.items(), key=lambda item: (strength(item[0]), item[0])))
    return done


class _Resolver:
    def __init__(
        self,
        signed: Sequence[Signed],
        owners: Mapping[Identifier, str],
        holdings: Mapping[str, Iterable[Identifier]],
        new_profile_id: Callable[[], str],
    ) -> None:
        self._owners = dict(owners)
        self._holdings = {profile: set(held) for profile, held in holdings.items()}
        self._new_profile_id = new_profile_id
        self._named = {identifier for s in signed for identifier in s.call.identifiers}
        self.done = Resolution()

    def names(self, call: Call) -> tuple[Identifier, ...]:
        """The call's identifiers; an alias's other name is a user where one is known by it, else a visitor."""
        if not call.previous_id:
            return call.identifiers
        as_user = Identifier(USER_ID, call.previous_id)
        known = as_user in self._owners or as_user in self._named
        previous = as_user if known else Identifier(ANONYMOUS_ID, call.previous_id)
        return tuple(dict.fromkeys((*call.identifiers[:1], previous, *call.identifiers[1:])))

    def assign(self, one: Signed) -> None:
        call = one.call
        names = self.names(call)
        profile = call.profile_id or self._find(call, names) or self._new_profile_id()
        self.done.profile_of[one.receipt] = profile
        for name in names:
            owner = self._owners.get(name)
            if owner is None and not self._has_room(profile, name.kind):
                self.done.notes.setdefault(one.receipt, FULL)
                continue
            if owner is None:
                owner = self._owners[name] = self.done.claims[name] = profile
            if owner == profile:
                self._holdings.setdefault(profile, set()).add(name)
                self.done.identifiers_of[profile].add(name)
            else:
                self.done.notes[one.receipt] = CONFLICT

    def _find(self, call: Call, names: Sequence[Identifier]) -> str | None:
        """The profile of the strongest known name that may speak for the stronger, still unknown ones."""
        unknown: list[Identifier] = []
        for name in names:
            owner = self._owners.get(name)
            if owner is None:
                unknown.append(name)
            elif call.type == "alias" or not self._is_someone_else(owner, unknown, name):
                return owner
        return None

    def _is_someone_else(self, profile: str, unknown: Iterable[Identifier], by: Identifier) -> bool:
        """Shared device: a second user on it must not become the first."""
        held_kinds = {held.kind for held in self._holdings.get(profile, ())}
        return any(strength(name) < strength(by) and name.kind in held_kinds for name in unknown)

    def _has_room(self, profile: str, kind: str) -> bool:
        held = self._holdings.get(profile, ())
        return sum(1 for one in held if one.kind == kind) < MAX_PER_KIND
