"""Which messages a profile knows."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.ingest.domain.history import Signed

MEMORY = 16
"""Messages a profile remembers, those with the newest event times. Older ones are looked up in its history."""

_ENTRY = struct.Struct(">8s4sI")
_RECENT = 1024
"""Digests that are kept: those of a batch are asked for several times."""


@dataclass(frozen=True)
class Seen:
    """The messages with the newest event times, 16 bytes each: a digest of the message id, a digest of the receipt
    of the acceptance that was applied, and the event time (seconds since the epoch). The same pair again is a
    redelivery; another receipt is a duplicate.

    `horizon` is the newest event time among forgotten messages: what happened later and is not remembered is new.
    """

    memory: bytes = b""
    horizon: int = 0

    def receipts(self) -> dict[bytes, bytes]:
        """Message digest to receipt digest."""
        return {message: receipt for message, receipt, _ in _ENTRY.iter_unpack(self.memory)}

    def may_have_forgotten(self, one: Signed) -> bool:
        """Must the history be asked whether this message is a copy?"""
        return _second(one) <= self.horizon and digest(one.call.message_id) not in self.receipts()

    def extended(self, signed: Iterable[Signed]) -> Seen:
        """With more messages."""
        fresh = [_ENTRY.pack(digest(s.call.message_id), short_digest(s.receipt), _second(s)) for s in signed]
        return self._with(fresh, self.horizon)

    def joined(self, other: Seen) -> Seen:
        """The memory of both."""
        return self._with(_entries(other.memory), max(self.horizon, other.horizon))

    def _with(self, more: Sequence[bytes], horizon: int) -> Seen:
        entries = sorted([*_entries(self.memory), *more], key=lambda entry: (entry[-4:], entry))
        forgotten, kept = entries[:-MEMORY], entries[-MEMORY:]
        newest = max((int.from_bytes(entry[-4:]) for entry in forgotten), default=0)
        return Seen(b"".join(kept), max(horizon, newest))


def _entries(memory: bytes) -> list[bytes]:
    return [memory[i : i + _ENTRY.size] for i in range(0, len(memory), _ENTRY.size)]


def _second(one: Signed) -> int:
    return int(one.call.at.timestamp())


@lru_cache(_RECENT)
def digest(message_id: str) -> bytes:
    """Of a message id, 8 bytes."""
    return hashlib.sha256(message_id.encode()).digest()[:8]


@lru_cache(_RECENT)
def short_digest(receipt: str) -> bytes:
    """Of a receipt, 4 bytes."""
    return hashlib.sha256(receipt.encode()).digest()[:4]
