"""Standings in DynamoDB: one item a profile, written only over the version it was made from.

Hot state is one JSON string, because marshalling attribute by attribute costs more than all of the judging; what
the condition and the due index need stands beside it. `changes` is the outbox of the latest write.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from services.scoring.domain.applied import AppliedVersions
from services.scoring.domain.facts import Tally
from services.scoring.domain.standing import Moved, ProfileStanding, Scored
from services.scoring.ports import (
    DUE_SHARDS,
    NotSaved,
    Overtaken,
    Page,
    Saved,
    SaveResult,
    UnreadableStanding,
)
from services.shared.aws.clients import client
from services.shared.aws.dynamo import ConditionFailed, Item, Table, decode, encode
from services.shared.clock import from_iso, to_iso

DUE_INDEX = "due"
WRITERS = 8
"""Writes in flight at once: they only wait for the network."""


class StandingsTable:
    """The table `standings`: key `profile_id`, index `due` over `due_shard` and `due_at`, keys only."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, profile_ids: Iterable[str]) -> Mapping[str, ProfileStanding | UnreadableStanding]:
        keys = [{"profile_id": profile_id} for profile_id in profile_ids]
        # A stale read costs half, and can't do harm: the write over it is refused and brings the current item.
        return _read(self._table.get_many(keys))

    def save(self, standings: Sequence[ProfileStanding]) -> Sequence[SaveResult]:
        if len(standings) < 2:
            return [self._save(standing) for standing in standings]
        with ThreadPoolExecutor(min(WRITERS, len(standings))) as pool:
            return list(pool.map(self._save, standings))

    def due(self, shard: int, until: str) -> Iterator[str]:
        items = self._table.query(
            "due_shard = :shard AND due_at <= :until",
            values={":shard": str(shard), ":until": until},
            index=DUE_INDEX,
        )
        return (item["profile_id"] for item in items)

    def page(self, after: str, size: int) -> Page:
        # Whole items: a scan is charged by their size in any case, and they need not be read again.
        start = {"ExclusiveStartKey": encode({"profile_id": after})} if after else {}
        answer = client("dynamodb").scan(TableName=self._table.name, Limit=size, **start)
        last = decode(answer.get("LastEvaluatedKey", {})).get("profile_id", "")
        return Page(_read(decode(item) for item in answer["Items"]), last)

    def _save(self, standing: ProfileStanding) -> SaveResult:
        try:
            return self._put(standing)
        except Exception as error:  # the boundary to the network: its profile is retried, the others stand
            return NotSaved(error)

    def _put(self, standing: ProfileStanding) -> Saved | Overtaken:
        first = standing.version == 1
        try:
            self._table.put(
                to_item(standing),
                condition="attribute_not_exists(profile_id)" if first else "#version = :before",
                names=None if first else {"#version": "version"},
                values=None if first else {":before": standing.version - 1},
            )
        except ConditionFailed as refusal:
            return Overtaken(from_item(refusal.item) if refusal.item else None)
        return Saved()


def _read(items: Iterable[Item]) -> dict[str, ProfileStanding | UnreadableStanding]:
    found: dict[str, ProfileStanding | UnreadableStanding] = {}
    for item in items:
        try:
            found[item["profile_id"]] = from_item(item)
        except UnreadableStanding as error:
            found[item["profile_id"]] = error
    return found


def to_item(standing: ProfileStanding) -> Item:
    """The item a standing is stored as."""
    item: Item = {
        "profile_id": standing.profile_id,
        "version": standing.version,
        "state": _json(_state(standing)),
    }
    if standing.due_at:
        item |= {"due_shard": due_shard(standing.profile_id), "due_at": to_iso(standing.due_at)}
    if standing.scored or standing.moved:
        item["changes"] = _json(
            {
                "scored": [[s.model, s.score, s.previous] for s in standing.scored],
                "moved": [[m.segment, to_iso(m.at), m.entered] for m in standing.moved],
            }
        )
    return item


def from_item(item: Mapping[str, Any]) -> ProfileStanding:
    """The standing that `to_item` stored.

    Raises:
        UnreadableStanding: it is no item of ours.
    """
    try:
        return _standing(item)
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableStanding(item["profile_id"]) from error


def _standing(item: Mapping[str, Any]) -> ProfileStanding:
    state = json.loads(item["state"])
    changes = json.loads(item.get("changes") or '{"scored": [], "moved": []}')
    return ProfileStanding(
        profile_id=item["profile_id"],
        version=item["version"],
        at=from_iso(state["at"]),
        applied=AppliedVersions(tuple((low, high) for low, high in state["applied"])),
        tally=Tally(state["counts"], state["revenue_cents"], state["first_order_at"], state["last_order_at"]),
        scores=state["scores"],
        segments={name: from_iso(since) for name, since in state["segments"].items()},
        traits=state["traits"],
        definitions=state["definitions"],
        due_at=from_iso(item["due_at"]) if "due_at" in item else None,
        scored=tuple(Scored(*scored) for scored in changes["scored"]),
        moved=tuple(Moved(segment, from_iso(at), entered) for segment, at, entered in changes["moved"]),
    )


def due_shard(profile_id: str) -> str:
    """The partition of the due index a profile belongs to."""
    return str(hashlib.sha256(profile_id.encode()).digest()[0] % DUE_SHARDS)


def _state(standing: ProfileStanding) -> dict[str, Any]:
    tally = standing.tally
    return {
        "at": to_iso(standing.at),
        "applied": standing.applied.ranges,
        "counts": tally.counts,
        "revenue_cents": tally.revenue_cents,
        "first_order_at": tally.first_order_at,
        "last_order_at": tally.last_order_at,
        "scores": standing.scores,
        "segments": {name: to_iso(since) for name, since in standing.segments.items()},
        "traits": standing.traits,
        "definitions": standing.definitions,
    }


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
