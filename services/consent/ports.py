"""What the use cases need from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.consent.domain.anchors import Anchor
from services.consent.domain.evidence import Sealed
from services.consent.domain.ledger import Entry, Head, Kind, Standing
from services.consent.domain.purposes import Purpose
from services.shared.contracts.base import Fact


@dataclass(frozen=True)
class Subject:
    """One permission: an address, for a purpose, on a channel."""

    address_key: str
    purpose: str
    channel: str


@dataclass(frozen=True)
class Position:
    """What an entry about a subject would follow; `recent` are the times the address was asked to confirm. Of who
    objected to all marketing and has said nothing of this purpose, that is the `standing`."""

    head: Head
    standing: Standing | None
    recent: Sequence[datetime]


@dataclass(frozen=True)
class Append:
    """One entry and all that must be written with it or not at all.

    `standing` is the state after it (`None`: unchanged), `recent` the new window of requests (`None`: unchanged),
    `keep` the entry whose evidence must no longer be purged (empty: none).
    """

    entry: Entry
    before: Head
    sealed: Sealed
    standing: Standing | None = None
    recent: Sequence[datetime] | None = None
    keep: str = ""


class Shards(Protocol):
    """The chain; reads see every write that returned."""

    def head(self, shard: int) -> Head: ...

    def entries(self, shard: int, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """A shard in order behind `seq` `after`, at most `limit` entries of it."""
        ...


class LedgerStore(Shards, Protocol):
    """The chain and what is derived from it; reads see every write that returned."""

    def position(self, subject: Subject) -> Position: ...

    def append(self, step: Append) -> bool:
        """Write it all; `False` when somebody wrote to the shard since the position was read."""
        ...

    def find(self, address_key: str, request_id: str, kind: Kind) -> Entry | None:
        """The entry of this kind that a request led to."""
        ...

    def history(self, address_key: str) -> list[Entry]:
        """All entries of an address, oldest first."""
        ...

    def neighbours(self, entries: Sequence[Entry]) -> dict[tuple[int, int], Entry]:
        """The entries right after `entries`, by shard and seq."""
        ...

    def states(self, address_key: str) -> dict[tuple[str, str], Standing]:
        """The stored states of an address by purpose and channel."""
        ...


class AnchorStore(Protocol):
    """Anchors, numbered from 1; what was kept is never replaced."""

    def newest(self) -> Anchor | None: ...

    def keep(self, anchor: Anchor) -> Anchor:
        """Keep it, unless one with its number is kept already: the one that is."""
        ...

    def list(self, after: int, limit: int) -> list[Anchor]:
        """Those with a number above `after`, in order, at most `limit`."""
        ...

    def covering(self, shard: int, seq: int) -> Anchor | None:
        """The one whose row covers an entry, if there is one yet."""
        ...


class Signer(Protocol):
    """The key that signs anchors; nobody can take it out."""

    def key_id(self) -> str: ...

    def sign(self, header: bytes) -> str: ...

    def public_key(self) -> str:
        """What signatures are checked with, PEM."""
        ...


@dataclass(frozen=True)
class Lapse:
    """What entry `entry_id` granted, and its place among all that lapses."""

    place: str
    entry_id: str
    subject: Subject


class Lapses(Protocol):
    """When permissions lapse; noted together with the entry that grants them."""

    def due(self, until: str, limit: int) -> Iterable[Lapse]:
        """The first that lapse by `until` (ISO 8601 in UTC) and may not have been told, in order of time; the last
        that was told may be among them."""
        ...

    def told(self, lapse: Lapse) -> None:
        """All up to this one were told."""
        ...


class EvidenceStore(Protocol):
    """Evidence by entry id; what was erased or purged is absent."""

    def get(self, entry_ids: Iterable[str]) -> Mapping[str, Sealed]: ...

    def admit(self, counter: str, limit: int, expires_at: datetime) -> bool:
        """Count one more under `counter`; `False` when `limit` is reached."""
        ...

    def note_asked(self, send_id: str, address_key: str, request_id: str, expires_at: datetime) -> None:
        """Remember which request a message is for."""
        ...

    def asked_by(self, send_id: str) -> tuple[str, str] | None:
        """Address key and request id of the request that a message is for."""
        ...

    def erase(self, address_key: str, entry_ids: Iterable[str]) -> int:
        """Forget the evidence of entries, and when the address was asked; how much evidence there was."""
        ...


class PurposeStore(Protocol):
    """Purposes by name, with the revision that the next write must name (0: there is none)."""

    def get(self, name: str) -> tuple[Purpose | None, int]: ...

    def put(self, name: str, purpose: Purpose, revision: int) -> bool:
        """Replace `revision`; `False` when somebody else did."""
        ...

    def all(self) -> dict[str, Purpose]: ...


class TokenKeys(Protocol):
    """The keys that sign links."""

    def current(self) -> str: ...

    def signer_of(self, token: str) -> str | None:
        """The key, current or previous, that a token claims to be signed with."""
        ...


class FactBus(Protocol):
    """Where facts go."""

    def publish(self, facts: Iterable[Fact]) -> None: ...
