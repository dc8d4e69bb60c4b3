"""The ledger: entries that only ever follow each other, each holding the hash of the one before.

A ledger is split into shards by address, so that addresses do not queue for one head; all entries of an address are
in one shard, in order. The state of a permission is the fold of its entries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from typing import Any, Literal

from services.shared.permission import Permission, state_at


class Malformed(ValueError):
    """What was told is not what the ledger can have said."""


Kind = Literal["requested", "mailed", "granted", "revoked", "expired"]

SHARDS = 16
GENESIS = "0" * 64
"""What stands for the hash before the first entry of a shard."""


@dataclass(frozen=True)
class Draft:
    """What is to be recorded; `at` is ISO 8601 in UTC with milliseconds, `means` how it came about.

    `text_hash` is SHA-256 of the full text that was shown; `evidence_digest` seals the erasable part of the proof.
    `form` says where the person stood: the form's name, or `message:<send id>` for the link of a message. A grant has
    its legal `basis`, and the moment `until` which it holds, like `at` (empty: for good).
    """

    entry_id: str
    kind: Kind
    request_id: str
    address_key: str
    purpose: str
    channel: str
    text_version: str
    language: str
    text_hash: str
    at: str
    means: str
    form: str
    token_id: str
    evidence_digest: str
    basis: str = field(default="", kw_only=True)
    until: str = field(default="", kw_only=True)


_LATER = frozenset({"basis", "until"})
"""Fields that older entries do not have: left out of the hash where empty, so that it stays what it was."""

MESSAGE = "message:"
"""What a `form` begins with that is the link of a message."""


@dataclass(frozen=True)
class Entry(Draft):
    """A draft in its place in the chain; the first entry of a shard has `seq` 1."""

    shard: int
    seq: int
    prev_hash: str
    hash: str


_REQUIRED = {one.name for one in fields(Entry) if one.default is MISSING}
_TYPES = {one.name: int if one.name in ("shard", "seq") else str for one in fields(Entry)}


@dataclass(frozen=True)
class Head:
    """The newest entry of a shard; of an empty shard: 0 and `GENESIS`."""

    shard: int
    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True)
class Standing:
    """The state (`granted`, `revoked`, `expired`) of one permission after entry `entry_id`; `sequence` grows per
    address."""

    state: str
    sequence: int
    entry_id: str
    text_version: str
    at: str
    basis: str = ""
    until: str = ""

    def as_of(self, now: str) -> Standing:
        """As it stands by `now`: what has lapsed is `expired`."""
        return replace(self, state=state_at(self.state, self.until, now))

    def permission(self) -> Permission:
        """What the policy is asked with."""
        return Permission(self.state, self.entry_id, self.basis, self.until)


@dataclass(frozen=True)
class Problem:
    """Something in a shard that appending cannot have produced."""

    kind: Literal[
        "edited", "missing", "reordered", "forked", "unlinked", "misplaced", "truncated", "rewritten"
    ]
    seq: int
    detail: str


def shard_of(address_key: str) -> int:
    """The shard an address writes to, 0 to `SHARDS` - 1."""
    return int(hashlib.sha256(address_key.encode()).hexdigest()[:8], 16) % SHARDS


def canonical(entry: Entry) -> bytes:
    """The bytes whose SHA-256 is the entry's hash: JSON of every other field, sorted, ASCII, no white space."""
    told = {n: v for n, v in vars(entry).items() if n != "hash" and (v or n not in _LATER)}
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def read_entry(told: Mapping[str, Any]) -> Entry:
    """The entry with these fields, as they were told elsewhere.

    Raises:
        Malformed: they are not exactly an entry's.
    """
    named = _TYPES.keys() >= told.keys() >= _REQUIRED
    if not named or any(type(value) is not _TYPES[name] for name, value in told.items()):
        raise Malformed("these are not the fields of an entry")
    try:
        "".join(value for value in told.values() if type(value) is str).encode()
    except UnicodeEncodeError as error:
        raise Malformed("a text of it has half a letter") from error
    return Entry(**told)


def digest(entry: Entry) -> str:
    """The hash the entry must have."""
    return hashlib.sha256(canonical(entry)).hexdigest()


def append(head: Head, draft: Draft) -> Entry:
    """The entry that `draft` becomes after `head`."""
    entry = Entry(**asdict(draft), shard=head.shard, seq=head.seq + 1, prev_hash=head.hash, hash="")
    return replace(entry, hash=digest(entry))


def head_after(entry: Entry) -> Head:
    """The head of the shard once `entry` is in it."""
    return Head(shard=entry.shard, seq=entry.seq, hash=entry.hash)


def apply(standing: Standing | None, entry: Entry) -> Standing | None:
    """The state after `entry`. A request and the message that goes out for it change nothing: only its confirmation
    does."""
    if entry.kind == "requested" or entry.kind == "mailed":
        return standing
    return Standing(
        state=entry.kind,
        sequence=entry.seq,
        entry_id=entry.entry_id,
        text_version=entry.text_version,
        at=entry.at,
        basis=entry.basis,
        until=entry.until,
    )


def fold(entries: Iterable[Entry]) -> dict[tuple[str, str, str], Standing]:
    """Every permission that `entries` (in order) give or take, by address key, purpose and channel."""
    standings: dict[tuple[str, str, str], Standing] = {}
    for entry in entries:
        key = (entry.address_key, entry.purpose, entry.channel)
        after = apply(standings.get(key), entry)
        if after is not None:
            standings[key] = after
    return standings


def verify(entries: Iterable[Entry], head: Head, before: Head | None = None) -> list[Problem]:
    """Everything wrong with a shard, or with what follows `before` in it, in the order met; empty when it is exactly
    what was appended.

    Finds edits, deletions, insertions, reordering, forks and truncation. Someone who rewrites a whole shard and its
    head consistently is found by the anchors (`anchors.against`).
    """
    problems: list[Problem] = []
    last = before or Head(head.shard)
    for entry in entries:
        problems += _entry_problems(entry, last)
        last = Head(last.shard, max(entry.seq, last.seq), entry.hash)
    if last.seq < head.seq:
        problems.append(Problem("truncated", last.seq, f"the head is at {head.seq}"))
    elif last != head:
        problems.append(Problem("forked", last.seq, f"the head at {head.seq} is not the last entry"))
    return problems


def _entry_problems(entry: Entry, last: Head) -> list[Problem]:
    found: list[Problem] = []
    if digest(entry) != entry.hash:
        found.append(Problem("edited", entry.seq, "its fields do not give its hash"))
    if entry.shard != last.shard or shard_of(entry.address_key) != entry.shard:
        found.append(Problem("misplaced", entry.seq, "it belongs to another shard"))
    if entry.seq == last.seq:
        found.append(Problem("forked", entry.seq, "two entries have this place"))
    elif entry.seq < last.seq:
        found.append(Problem("reordered", entry.seq, f"it comes after {last.seq}"))
    elif entry.seq > last.seq + 1:
        found.append(Problem("missing", last.seq + 1, f"the next entry is {entry.seq}"))
    if entry.prev_hash != last.hash:
        found.append(Problem("unlinked", entry.seq, "it does not hold the hash of the entry before"))
    return found
