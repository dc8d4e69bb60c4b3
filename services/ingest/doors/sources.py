"""The registry of client systems: what they are declared to be, their keys, and trying a mapping before it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.ingest.domain.mapping import RowRefused, SourceMapping, events_of
from services.ingest.domain.sources import (
    ROLES,
    SOURCE_ID,
    Key,
    Role,
    Source,
    SourceDocument,
    check,
    hash_key,
)
from services.ingest.domain.validate import Trust, validate
from services.ingest.mappings import mapping_of
from services.ingest.ports import Registration, Sources, StaleSource
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, HalteError, Invalid, NotFound

MAX_OVERLAP = timedelta(days=30)
MAX_KEYS = 20
"""Keys of a source that may be valid at a time."""

MAX_ROWS = 1_000

PREFIXES: dict[Role, str] = {"write": "wk", "secret": "sk"}


@dataclass(frozen=True)
class NewKeys:
    """Keys as they are told once, by role, and as they are kept."""

    told: dict[str, str]
    kept: tuple[Key, ...]


class SourceRegistry:
    """Registers client systems. `new_key` makes a key from its prefix."""

    def __init__(self, *, sources: Sources, clock: Clock, new_key: Callable[[str], str]) -> None:
        self._sources = sources
        self._clock = clock
        self._new_key = new_key

    def put(self, source_id: str, body: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
        """Register or redeclare a source: whether it is new, and what to answer. Only the creation tells the keys.

        Raises:
            Invalid: the id is malformed, or the mapping is unknown.
            pydantic.ValidationError: the declaration is malformed.
            Conflict: it is being changed by somebody else, or a bus source of it is taken.
        """
        if not SOURCE_ID.fullmatch(source_id):
            raise Invalid("bad_source_id", "id is not 1 to 63 lower-case letters, digits, - and _")
        document = _document(source_id, body)
        before = self._sources.get(source_id)
        if before is not None:
            source = replace(before.source, document=document)
            self._save(Registration(source, before.keys, before.version + 1), before)
            return False, self._shown(source, before.keys)
        now = self._clock.now()
        keys = self._make(ROLES, now)
        source = Source(source_id, document, now)
        self._save(Registration(source, keys.kept, 1), None)
        return True, {**self._shown(source, keys.kept), **keys.told}

    def get(self, source_id: str) -> dict[str, Any]:
        """A source as it is shown.

        Raises:
            NotFound: there is none of this id.
        """
        registration = self._existing(source_id)
        return self._shown(registration.source, registration.keys)

    def all(self) -> list[dict[str, Any]]:
        """Every source, by id, without keys."""
        return [
            {"id": s.source_id, "name": s.document.name, "kind": s.document.kind} for s in self._sources.all()
        ]

    def remove(self, source_id: str) -> None:
        """Remove a source; its keys open nothing from then on (in a process that knows them: within a minute).

        Raises:
            NotFound: there is none of this id.
            Conflict: it is being changed by somebody else.
        """
        try:
            self._sources.remove(self._existing(source_id))
        except StaleSource as error:
            raise _in_the_way() from error

    def rotate(self, source_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make new keys (`keys`: roles, default both); the old ones of those roles stay valid for `overlap_hours`
        (default 24, 0 ends them at once).

        Raises:
            NotFound: there is no source of this id.
            Invalid: the request is malformed.
            Conflict: it is being changed by somebody else, or has too many valid keys.
        """
        roles, overlap = _rotation(body)
        before = self._existing(source_id)
        now = self._clock.now()
        ends = now + overlap
        old = [_ending(key, ends) if key.role in roles else key for key in before.keys]
        keys = self._make(roles, now)
        kept = (*(key for key in old if key.is_valid(now)), *keys.kept)
        if len(kept) > MAX_KEYS:
            raise Conflict(
                "too_many_keys", f"over {MAX_KEYS} keys would be valid; let some of them end first"
            )
        self._save(replace(before, keys=kept, version=before.version + 1), before)
        return {**self._shown(before.source, kept), **keys.told, "old_keys_valid_until": to_iso(ends)}

    def dry_run(self, source_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """What the source's mapping (or the one in `body`) makes of `rows`: per row its events or the named error.
        Nothing is kept.

        Raises:
            NotFound: there is no source of this id.
            Invalid: the request is malformed, or there is no mapping.
        """
        source = self._existing(source_id).source
        document = source.document
        if "mapping" in body:
            document = _document(source_id, {"name": document.name, "mapping": body["mapping"]})
        mapping = mapping_of(document)
        if mapping is None:
            raise Invalid("no_mapping", "the source has no mapping, and the request brings none")
        rows = body.get("rows")
        if not isinstance(rows, list) or len(rows) > MAX_ROWS:
            raise Invalid("bad_rows", f"rows is not a list of up to {MAX_ROWS}")
        tried = [self._try(index, mapping, source, row) for index, row in enumerate(rows)]
        good = sum("events" in row for row in tried)
        return {"rows": len(tried), "good": good, "bad": len(tried) - good, "results": tried}

    def _try(self, index: int, mapping: SourceMapping, source: Source, row: Any) -> dict[str, Any]:
        try:
            events = events_of(mapping, row)
            for event in events:
                call = validate(
                    event,
                    received_at=self._clock.now(),
                    message_id="dry-run",
                    trust=Trust(trusted=True, region=source.document.region),
                )
                check(source.document.event_schema, call)
        except HalteError as refusal:
            where = {"rule": refusal.rule, "field": refusal.field} if isinstance(refusal, RowRefused) else {}
            return {"row": index, "error": {"code": refusal.code, "message": refusal.message, **where}}
        return {"row": index, "events": events}

    def _existing(self, source_id: str) -> Registration:
        registration = self._sources.get(source_id)
        if registration is None:
            raise NotFound("unknown_source", "there is no source of this id")
        return registration

    def _save(self, registration: Registration, before: Registration | None) -> None:
        try:
            self._sources.save(registration, before)
        except StaleSource as error:
            raise _in_the_way() from error

    def _make(self, roles: Iterable[Role], now: datetime) -> NewKeys:
        made = {role: self._new_key(PREFIXES[role]) for role in roles}
        kept = tuple(Key(hash_key(key), role, now) for role, key in made.items())
        return NewKeys({f"{role}_key": key for role, key in made.items()}, kept)

    def _shown(self, source: Source, keys: Iterable[Key]) -> dict[str, Any]:
        now = self._clock.now()
        return {
            "id": source.source_id,
            **source.document.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            "kind": source.document.kind,
            "created_at": to_iso(source.created_at),
            "keys": [
                {
                    "role": key.role,
                    "created_at": to_iso(key.created_at),
                    "expires_at": to_iso(key.expires_at) if key.expires_at else None,
                }
                for key in keys
                if key.is_valid(now)
            ],
        }


def _document(source_id: str, body: dict[str, Any]) -> SourceDocument:
    document = SourceDocument.model_validate({"name": source_id, **body})
    mapping_of(document)  # a name that nothing ships under is refused now, not when the first event comes
    return document


def _rotation(body: dict[str, Any]) -> tuple[tuple[Role, ...], timedelta]:
    hours, named = body.get("overlap_hours", 24), body.get("keys", list(ROLES))
    if (
        isinstance(hours, bool)
        or not isinstance(hours, int | float)
        or not 0 <= hours <= MAX_OVERLAP.days * 24
    ):
        raise Invalid("bad_overlap", f"overlap_hours is not a number from 0 to {MAX_OVERLAP.days * 24}")
    roles = tuple(role for role in ROLES if isinstance(named, list) and role in named)
    if not roles or len(roles) != len(named):
        raise Invalid("bad_keys", "keys is not a list of write and secret")
    return roles, timedelta(hours=hours)


def _ending(key: Key, at: datetime) -> Key:
    return replace(key, expires_at=min(key.expires_at or at, at))


def _in_the_way() -> Conflict:
    return Conflict(
        "source_conflict",
        "the source was changed meanwhile, or another source speaks for one of its bus sources",
    )
