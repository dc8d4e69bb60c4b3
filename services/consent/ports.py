"""What the use cases need from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

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


class LedgerStore(Protocol):
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

    def head(self, shard: int) -> Head: ...

    def entries(self, shard: int) -> Iterator[Entry]:
        """A whole shard in order."""
        ...


class EvidenceStore(Protocol):
    """Evidence by entry id; what was erased or purged is absent."""

    def get(self, entry_ids: Iterable[str]) -> Mapping[str, Sealed]: ...

    def admit(self, counter: str, limit: int, expires_at: datetime) -> bool:
        """Count one more under `counter`; `False` when `limit` is reached."""
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
