"""Looking into the ledger: states, history, proof, and whether the chain holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.consent.domain.anchors import Anchor
from services.consent.domain.evidence import Sealed
from services.consent.domain.ledger import (
    SHARDS,
    Entry,
    Head,
    Problem,
    Standing,
    digest,
    fold,
    shard_of,
    verify,
)
from services.consent.domain.proofs import FORMAT, STEPS, anchored, is_in
from services.consent.ports import AnchorStore, EvidenceStore, LedgerStore, PurposeStore
from services.shared.clock import Clock, to_iso
from services.shared.errors import NotFound
from services.shared.permission import may

MAX_PROBLEMS = 100
"""Problems one answer lists; a broken chain tends to have one or all."""


class Inspection:
    """The use cases that only read."""

    def __init__(
        self,
        *,
        purposes: PurposeStore,
        ledger: LedgerStore,
        evidence: EvidenceStore,
        anchors: AnchorStore,
        clock: Clock,
    ) -> None:
        self._anchors = anchors
        self._purposes = purposes
        self._ledger = ledger
        self._evidence = evidence
        self._clock = clock

    def states(self, address_key: str) -> dict[str, Any]:
        """`{address_key, states: [{purpose, channel, state, …}], history: [{kind, at, …}]}`, naming nobody. An
        address without entries has no states: nothing is permitted."""
        states = self._ledger.states(address_key)
        history = self._ledger.history(address_key)
        shown = (
            "entry_id",
            "seq",
            "kind",
            "purpose",
            "channel",
            "text_version",
            "language",
            "at",
            "means",
            "form",
        )
        return {
            "address_key": address_key,
            "states": _listed(states, to_iso(self._clock.now())),
            "history": [
                {name: getattr(entry, name) for name in shown} for entry in history if entry.kind != "mailed"
            ],
        }

    def proof(self, address_key: str) -> dict[str, Any]:
        """Everything that proves the address's permissions: entries, evidence, texts, where they hang in the chain,
        and the way from each to a signed anchor. `evidence` is null where it was purged or erased, `anchored` until
        the next anchor; `intact` says that hash, text and evidence fit; `states_follow` that the stored states are the
        fold of the log (null: written to while it was read). `proofs.check` checks it away from here.

        Raises:
            NotFound: nothing was ever recorded for the address.
        """
        head = self._ledger.head(shard_of(address_key))
        states, history = self._ledger.states(address_key), self._ledger.history(address_key)
        if not history:
            raise NotFound("unknown_address", "nothing is recorded for this address key")
        evidence = self._evidence.get([entry.entry_id for entry in history])
        following = self._ledger.neighbours(history)
        texts = self._texts(history)
        now = self._clock.now()
        anchors, places = self._places(history)
        return {
            "format": FORMAT,
            "made_at": to_iso(now),
            "address_key": address_key,
            "head": asdict(self._ledger.head(head.shard)),
            "states_follow": self._states_follow(states, history, head),
            "states": _listed(states, to_iso(self._clock.now())),
            "anchors": [anchor.document() for _, anchor in sorted(anchors.items())],
            "how_to_check": list(STEPS),
            "entries": [
                _proved(
                    entry,
                    _present(evidence.get(entry.entry_id), now),
                    following.get((entry.shard, entry.seq + 1)),
                    texts.get(entry.entry_id, ("", "")),
                    places.get(entry.seq),
                )
                for entry in history
            ],
        }

    def _places(self, history: list[Entry]) -> tuple[dict[int, Anchor], dict[int, dict[str, Any]]]:
        """The anchors that cover entries (of one shard), and where in them each is, by `seq`."""
        anchors: dict[int, Anchor] = {}
        places: dict[int, dict[str, Any]] = {}
        ahead = list(history)
        while ahead:
            anchor = self._anchors.covering(ahead[0].shard, ahead[0].seq)
            if anchor is None:
                break
            row = anchor.rows[ahead[0].shard]
            covered = list(self._ledger.entries(row.shard, row.first - 1, row.seq - row.first + 1))
            here = [entry for entry in ahead if entry.seq <= row.seq]
            places |= {entry.seq: anchored(anchor, covered, entry) for entry in here}
            anchors[anchor.number] = anchor
            ahead = ahead[len(here) :]
        return anchors, places

    def check_shard(self, shard: int) -> dict[str, Any]:
        """`{shard, head, intact, problems: [{kind, seq, detail}]}` after reading every entry of the shard.

        Raises:
            NotFound: there is no such shard.
        """
        if not 0 <= shard < SHARDS:
            raise NotFound("unknown_shard", f"shards are 0 to {SHARDS - 1}")
        head = self._ledger.head(shard)
        later: list[Entry] = []
        problems = verify(_up_to(head, self._ledger.entries(shard), later), head)
        newest = self._ledger.head(shard).seq
        problems += [Problem("forked", e.seq, "it is beyond the head") for e in later if e.seq > newest]
        found = [asdict(problem) for problem in problems[:MAX_PROBLEMS]]
        return {"shard": shard, "head": asdict(head), "intact": not found, "problems": found}

    def _states_follow(
        self, states: dict[tuple[str, str], Standing], history: list[Entry], head: Head
    ) -> bool | None:
        folded = {(purpose, channel): standing for (_, purpose, channel), standing in fold(history).items()}
        if folded == states:
            return True
        return False if self._ledger.head(head.shard) == head else None

    def _texts(self, history: list[Entry]) -> dict[str, tuple[str, str]]:
        purposes = {name: self._purposes.get(name)[0] for name in {entry.purpose for entry in history}}
        texts = {}
        for entry in history:
            purpose = purposes[entry.purpose]
            text = purpose.text(entry.text_version, entry.language) if purpose else None
            if text:
                texts[entry.entry_id] = (text.text, text.hash)
        return texts


def _listed(states: Mapping[tuple[str, str], Standing], now: str) -> list[dict[str, Any]]:
    return [
        {"purpose": purpose, "channel": channel, **_shown(standing, now)}
        for (purpose, channel), standing in sorted(states.items())
    ]


def _shown(standing: Standing, now: str) -> dict[str, Any]:
    """`commercial` is what the policy says of a commercial message now, `why` its reason."""
    decision = may(standing.permission(), "commercial", now, way_out=True)
    return {**asdict(standing.as_of(now)), "commercial": decision.allowed, "why": decision.reason}


def _up_to(head: Head, entries: Iterable[Entry], later: list[Entry]) -> Iterator[Entry]:
    """The entries the head knows; those appended since it was read go to `later`."""
    for entry in entries:
        if entry.seq > head.seq:
            later.append(entry)
        else:
            yield entry


def _present(sealed: Sealed | None, now: datetime) -> Sealed | None:
    return None if sealed is None or sealed.gone(now) else sealed


def _proved(
    entry: Entry,
    sealed: Sealed | None,
    after: Entry | None,
    text: tuple[str, str],
    place: dict[str, Any] | None,
) -> dict[str, Any]:
    intact = (
        digest(entry) == entry.hash
        and (after is None or after.prev_hash == entry.hash)
        and (sealed is None or sealed.digest() == entry.evidence_digest)
        and (not entry.text_hash or text[1] == entry.text_hash)
        and (place is None or is_in(entry, place))
    )
    return {
        **asdict(entry),
        "text": text[0],
        "evidence": {**asdict(sealed.evidence), "salt": sealed.salt} if sealed else None,
        "next": {"seq": after.seq, "prev_hash": after.prev_hash, "hash": after.hash} if after else None,
        "anchored": place,
        "intact": intact,
    }
