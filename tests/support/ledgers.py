"""Whole ledgers in memory, with anchors that are really signed, for those who check them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from halte.ledger.findings import Found, Key, Shard
from services.consent.domain.anchors import Anchor, Row, cover
from services.consent.domain.ledger import GENESIS, SHARDS, Draft, Entry, Head, Kind, append, shard_of
from services.shared.clock import to_iso

START = datetime(2026, 1, 1, tzinfo=UTC)
KEY_ID = "arn:aws:kms:us-east-1:000000000000:key/k"
_KINDS: Sequence[Kind] = ("requested", "granted", "revoked")


@cache
def addresses(shard: int) -> list[str]:
    """Ten address keys of a shard."""
    return [key for key in (f"adr_{n:04d}" for n in range(1_000)) if shard_of(key) == shard][:10]


def a_draft(shard: int, n: int) -> Draft:
    """The n-th of a shard."""
    return Draft(
        entry_id=f"cns_{shard:02d}{n:018d}",
        kind=_KINDS[n % 3],
        request_id=f"req_{shard:02d}{n:018d}",
        address_key=addresses(shard)[n % 10],
        purpose="news" if n % 2 else "offers",
        channel="email",
        text_version="2026-1",
        language="nl",
        text_hash="ab" * 32,
        at=to_iso(START + timedelta(minutes=n)),
        means="post",
        form="footer@3",
        token_id="0123456789abcdef",
        evidence_digest="cd" * 32,
    )


def a_shard(shard: int, length: int) -> list[Entry]:
    """What appending makes."""
    head, made = Head(shard), []
    for n in range(length):
        made.append(append(head, a_draft(shard, n)))
        head = Head(shard, made[-1].seq, made[-1].hash)
    return made


class Signer:
    """A key of its own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def pem(self) -> str:
        """Its public half."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, anchor: Anchor) -> Anchor:
        """The anchor, signed."""
        signature = self._key.sign(anchor.header(), ec.ECDSA(hashes.SHA256()))
        return replace(anchor, signature=base64.b64encode(signature).decode())


@dataclass
class MemoryLedger:
    """`Source`; its parts can be spoilt."""

    signer: Signer
    kept: list[Anchor]
    chains: list[list[Entry]]
    heads: list[Head]

    @classmethod
    def appended(cls, lengths: Sequence[int], cuts: Sequence[float] = (0.3, 0.6, 0.9)) -> MemoryLedger:
        """Shards of these lengths (shards that are not named are empty), anchored after each share of them."""
        chains = [a_shard(shard, lengths[shard] if shard < len(lengths) else 0) for shard in range(SHARDS)]
        heads = [
            Head(shard, chain[-1].seq, chain[-1].hash) if chain else Head(shard)
            for shard, chain in enumerate(chains)
        ]
        signer = Signer()
        kept: list[Anchor] = []
        rows = tuple(Row(shard, 1, 0, GENESIS, "") for shard in range(SHARDS))
        for number, share in enumerate(cuts, 1):
            rows = tuple(
                cover(row, chains[row.shard][row.seq : int(len(chains[row.shard]) * share)]) for row in rows
            )
            before = kept[-1].hash if kept else GENESIS
            kept.append(
                signer.sign(Anchor(number, to_iso(START + timedelta(days=number)), before, rows, KEY_ID))
            )
        return cls(signer, kept, chains, heads)

    def key(self) -> Key:
        return Key(KEY_ID, self.signer.pem)

    def anchors(self) -> list[Anchor]:
        return list(self.kept)

    def shards(self) -> Iterator[Shard]:
        for head, chain in zip(self.heads, self.chains, strict=True):
            yield Shard(head, list(chain))

    def problems(self) -> list[Found]:
        return []
