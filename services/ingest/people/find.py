"""Finding people: by any identifier, by an id of before a merge, or by how an identifier begins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.ingest.domain.identifiers import (
    EMAIL,
    KINDS,
    PHONE,
    Identifier,
    email_identifier,
    phone_identifier,
)
from services.ingest.domain.person import Person
from services.ingest.people.ports import Finder, Parted, People
from services.shared.contracts.person import Address
from services.shared.cursors import cursor_of, read_cursor
from services.shared.errors import Invalid, NotFound
from services.shared.records import Record

PROFILE_PREFIX = "prf_"
EXTERNAL = "externalId"
LEAST_PREFIX = 3
MOST_FOUND = 100


class Directory:
    """Whom a text stands for."""

    def __init__(self, *, people: People, finder: Finder) -> None:
        self._people = people
        self._finder = finder

    def find(self, text: str) -> Person:
        """The person that `text` names: a profile id, `kind:value`, or a bare value of any kind, strongest first.

        Raises:
            NotFound: nobody is known by it.
        """
        by_id = self._people.by_id(text) if text.startswith(PROFILE_PREFIX) else None
        person = by_id or self._people.by_identifier(readings(text))
        if person is None:
            raise NotFound("unknown_profile", "nobody is known by this identifier")
        return person

    def parted(self, person: Person) -> Parted:
        """Who was one profile with the person once."""
        return self._people.parted(person)

    def addresses(self, person: Person, known: Iterable[Record]) -> list[Address]:
        """The person's own addresses."""
        return self._people.addresses(person, known)

    def search(self, prefix: str, cursor: str = "", limit: int = 20) -> dict[str, Any]:
        """People who have an identifier that begins with `prefix`, whatever its case, in order of the identifier.

        Raises:
            Invalid: the prefix is too short, or cursor or limit are none.
        """
        wanted = prefix.strip().lower()
        if not LEAST_PREFIX <= len(wanted) <= 256:
            raise Invalid("bad_prefix", f"prefix has under {LEAST_PREFIX} or over 256 characters")
        if not 1 <= limit <= MOST_FOUND:
            raise Invalid("bad_limit", f"limit is not between 1 and {MOST_FOUND}")
        found = self._finder.beginning(wanted, read_cursor(cursor, _text) if cursor else "", limit + 1)
        page = [one for one, _ in found[:limit]]
        whose = self._people.whose(page)
        rows = [
            {"identifier": {"kind": one.kind, "value": one.value}, "profile_id": whose[one]}
            for one in page
            if one in whose
        ]
        following = cursor_of(found[limit - 1][1]) if len(found) > limit else None
        return {"profiles": rows, "cursor": following}


def readings(text: str) -> list[Identifier]:
    """What `text` may mean, the most explicit first: `kind:value`, `externalId:type:value`, or a bare value."""
    kind, colon, value = text.partition(":")
    if kind == EXTERNAL:
        type_, colon, value = value.partition(":")
        kind = f"{EXTERNAL}:{type_}"
    found = [_normal(kind, value)] if colon and (kind in KINDS or kind.startswith(f"{EXTERNAL}:")) else []
    found += [_normal(one, text) for one in KINDS if one != EXTERNAL]
    return list(dict.fromkeys(one for one in found if one is not None and 0 < len(one.value) <= 256))


def _normal(kind: str, value: str) -> Identifier | None:
    if kind == EMAIL:
        return email_identifier(value)
    if kind == PHONE:
        return phone_identifier(value)
    return Identifier(kind, value.strip())


def _text(place: Any) -> str:
    if not isinstance(place, str):
        raise TypeError("is no text")
    return place
