"""Once an hour what the ledger is by now is signed, and kept where nobody can change it."""

from __future__ import annotations

from dataclasses import replace

from services.consent.domain.anchors import MAX_COVERED, Anchor, Row, cover
from services.consent.domain.ledger import GENESIS, SHARDS, Head, head_after, verify
from services.consent.ports import AnchorStore, Shards, Signer
from services.shared.clock import Clock, to_iso

MAX_ANCHORS = 20
"""One run writes; what is left waits for the next."""


class LedgerBroken(Exception):
    """New entries do not go on where the last anchor ended; a person must look before anything of it is signed."""


class Anchoring:
    """Writes anchors."""

    def __init__(self, *, ledger: Shards, anchors: AnchorStore, signer: Signer, clock: Clock) -> None:
        self._ledger = ledger
        self._anchors = anchors
        self._signer = signer
        self._clock = clock

    def run(self) -> dict[str, int]:
        """Anchor what came since the last time, if anything did; `{anchors, entries}` that were written or, after a
        run that was cut off, found. Two runs at once are as one.

        Raises:
            LedgerBroken: new entries of some shards are not what was appended; the others are anchored all the same.
        """
        written = entries = 0
        broken: set[int] = set()
        last = self._anchors.newest()
        for _ in range(MAX_ANCHORS):
            rows = tuple(self._row(shard, last, broken) for shard in range(SHARDS))
            if not any(row.grew for row in rows):
                break
            last = self._anchors.keep(self._signed(last, rows))
            written += 1
            entries += sum(row.seq - row.first + 1 for row in last.rows)
        if broken:
            raise LedgerBroken(f"shards {sorted(broken)} are not what was appended")
        return {"anchors": written, "entries": entries}

    def _row(self, shard: int, last: Anchor | None, broken: set[int]) -> Row:
        before = Head(shard, last.rows[shard].seq, last.rows[shard].hash) if last else Head(shard)
        head = self._ledger.head(shard)
        if shard in broken or head == before:
            return cover(before, [])
        wanted = min(MAX_COVERED, head.seq - before.seq)
        entries = list(self._ledger.entries(shard, before.seq, wanted)) if wanted > 0 else []
        up_to = head_after(entries[-1]) if len(entries) == MAX_COVERED else head
        if wanted <= 0 or verify(entries, up_to, before):
            broken.add(shard)
            return cover(before, [])
        return cover(before, entries)

    def _signed(self, last: Anchor | None, rows: tuple[Row, ...]) -> Anchor:
        anchor = Anchor(
            number=last.number + 1 if last else 1,
            at=to_iso(self._clock.now()),
            prev_hash=last.hash if last else GENESIS,
            rows=rows,
            key_id=self._signer.key_id(),
        )
        return replace(anchor, signature=self._signer.sign(anchor.header()))
