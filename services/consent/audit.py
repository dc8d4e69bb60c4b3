"""What somebody needs who does not take our word for it: every entry, every anchor, and the key that signed them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from services.consent.domain.anchors import ALGORITHM, Anchor
from services.consent.domain.ledger import SHARDS, Entry
from services.consent.ports import AnchorStore, Shards, Signer
from services.consent.searching import Search, search
from services.shared.errors import Invalid, NotFound

MAX_ENTRIES = 1_000
MAX_ANCHORS = 100


class Audit:
    """Reading the ledger as it stands. Entries hold keyed hashes and digests, so nothing of it names anybody."""

    def __init__(self, *, ledger: Shards, anchors: AnchorStore, signer: Signer) -> None:
        self._ledger = ledger
        self._anchors = anchors
        self._signer = signer

    def entries(self, shard: int, after: int, limit: int) -> dict[str, Any]:
        """`{shard, head, entries, next}`: a piece of a shard behind `seq` `after`; `next` is what to name as `after`
        to go on, null at the end. The head is read first, so it is never ahead of what can be read.

        Raises:
            NotFound: there is no such shard.
            Invalid: `bad_limit`.
        """
        if not 0 <= shard < SHARDS:
            raise NotFound("unknown_shard", f"shards are 0 to {SHARDS - 1}")
        if not 1 <= limit <= MAX_ENTRIES:
            raise Invalid("bad_limit", f"limit: 1 to {MAX_ENTRIES}")
        head = self._ledger.head(shard)
        entries = list(self._ledger.entries(shard, after, limit))
        return {
            "shard": shard,
            "head": asdict(head),
            "entries": [asdict(entry) for entry in entries],
            "next": entries[-1].seq if len(entries) == limit else None,
        }

    def search(self, wanted: Search) -> dict[str, Any]:
        """`{entries, cursor}`: entries that fit, in the order of time.

        Raises:
            Invalid: `bad_cursor`.
        """
        found, place = search(self._ledger, wanted)
        return {"entries": [_shown(entry) for entry in found], "cursor": place.text() if place else None}

    def anchors(self, after: int, limit: int) -> dict[str, Any]:
        """`{anchors, next}`: anchors behind number `after`, each byte for byte what was signed and locked once it is
        written as JSON with sorted keys and without white space.

        Raises:
            Invalid: `bad_limit`.
        """
        if not 1 <= limit <= MAX_ANCHORS:
            raise Invalid("bad_limit", f"limit: 1 to {MAX_ANCHORS}")
        found: list[Anchor] = self._anchors.list(after, limit)
        return {
            "anchors": [anchor.document() for anchor in found],
            "next": found[-1].number if len(found) == limit else None,
        }

    def key(self) -> dict[str, str]:
        """`{key_id, algorithm, public_key}`: what signatures are checked with (PEM)."""
        return {
            "key_id": self._signer.key_id(),
            "algorithm": ALGORITHM,
            "public_key": self._signer.public_key(),
        }


def _shown(entry: Entry) -> dict[str, Any]:
    fields = asdict(entry)
    return {name: value for name, value in fields.items() if name not in ("prev_hash", "evidence_digest")}
