"""How a standing is written down.

Hot state is one JSON string, because marshalling attribute by attribute costs more than all of the judging; what
the condition and the due index need stands beside it. `changes`, with `heard`, is the outbox of the latest write.
What remains of a profile that is gone has `gone` instead; of an erased one the table forgets that too, after
`TOMBSTONE_KEPT`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from services.scoring.adapters.changes import changes_of, packed_heard, read_changes, read_heard
from services.scoring.domain.applied import AppliedVersions
from services.scoring.domain.definitions import Segment
from services.scoring.domain.facts import Tally
from services.scoring.domain.memory import Memory
from services.scoring.domain.orders import Book, Order, Sums
from services.scoring.domain.places import MEMBER, Place, Seat
from services.scoring.domain.standing import Gone, ProfileStanding
from services.scoring.ports import (
    DUE_SHARDS,
    UnreadableStanding,
)
from services.shared.aws.dynamo import Item
from services.shared.clock import from_iso, to_iso
from services.shared.records import Contribution

TOMBSTONE_KEPT = timedelta(days=90)
"""Longer than a queue and then its dead-letter queue keep a late fact (14 days each)."""


def to_item(standing: ProfileStanding) -> Item:
    """The item a standing is stored as."""
    item: Item = {"profile_id": standing.profile_id, "version": standing.version}
    if standing.heard:
        item["heard"] = packed_heard(standing)
    if standing.gone:
        return item | _gone(standing, standing.gone)
    item["state"] = _json(_state(standing))
    if standing.due_at:
        item |= {"due_shard": due_shard(standing.profile_id), "due_at": to_iso(standing.due_at)}
    if changed := changes_of(standing):
        item["changes"] = _json(changed)
    return item


def from_item(item: Mapping[str, Any]) -> ProfileStanding:
    """The standing that `to_item` stored.

    Raises:
        UnreadableStanding: it is no item of ours.
    """
    try:
        return _read_gone(item) if "gone" in item else _standing(item)
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableStanding(item["profile_id"]) from error


def _gone(standing: ProfileStanding, gone: Gone) -> Item:
    item: Item = {
        "gone": {
            "into": gone.into,
            "at": to_iso(gone.at),
            "applied": standing.applied.ranges,
            "since": standing.since,
            "since_at": to_iso(standing.since_at) if standing.since_at else "",
        }
    }
    if gone.erased:
        item["expires_at"] = int((gone.at + TOMBSTONE_KEPT).timestamp())
    return item


def _read_gone(item: Mapping[str, Any]) -> ProfileStanding:
    gone = item["gone"]
    return ProfileStanding(
        profile_id=item["profile_id"],
        version=item["version"],
        at=from_iso(gone["at"]),
        since=gone["since"],
        since_at=from_iso(gone["since_at"]) if gone["since_at"] else None,
        gone=Gone(gone["into"], from_iso(gone["at"])),
        applied=_read_applied(gone.get("applied", ())),
        heard=read_heard(item.get("heard")),
    )


def _read_applied(ranges: Iterable[Sequence[int]]) -> AppliedVersions:
    return AppliedVersions(tuple((low, high) for low, high in ranges))


def _standing(item: Mapping[str, Any]) -> ProfileStanding:
    state = json.loads(item["state"])
    changes = read_changes(json.loads(item.get("changes", "{}")))
    return ProfileStanding(
        profile_id=item["profile_id"],
        version=item["version"],
        at=from_iso(state["at"]),
        applied=_read_applied(state["applied"]),
        memory=Memory(_tally(state), state.get("tracks", {}), _read_records(state.get("records", {}))),
        scores=state["scores"],
        places=_places(state),
        traits=state["traits"],
        definitions=state["definitions"],
        remembered=state.get("remembered", 0),
        due_at=from_iso(item["due_at"]) if "due_at" in item else None,
        scored=changes.scored,
        moved=changes.moved,
        fired=changes.fired,
        heard=read_heard(item.get("heard")),
        carried=changes.carried,
        accepted_at=changes.accepted_at,
        since=state.get("since", 0),
        since_at=from_iso(state["since_at"]) if "since_at" in state else None,
        addresses=state.get("addresses", {}),
        consents=state.get("consents", {}),
        worth=state.get("worth", {}),
    )


def _places(state: Mapping[str, Any]) -> dict[Seat, Place]:
    """What `_state` wrote, or an earlier version of it that knew segments only."""
    places = {
        (kind, name, subject): _read_place(*place) for kind, name, subject, *place in state.get("places", ())
    }
    older = {
        (Segment.kind, name, ""): Place(MEMBER, from_iso(since))
        for name, since in state.get("segments", {}).items()
    }
    return places | older


def _place(place: Place) -> list[Any]:
    """Most places have no way behind them."""
    way = [[value, to_iso(since)] for value, since in place.path]
    return [place.value, to_iso(place.since), *([way] if way else [])]


def _read_place(value: str, since: str, way: Iterable[tuple[str, str]] = ()) -> Place:
    return Place(value, from_iso(since), tuple((stage, from_iso(at)) for stage, at in way))


def due_shard(profile_id: str) -> str:
    """The partition of the due index a profile belongs to."""
    return str(hashlib.sha256(profile_id.encode()).digest()[0] % DUE_SHARDS)


def _state(standing: ProfileStanding) -> dict[str, Any]:
    told_anew = {"since": standing.since, "since_at": to_iso(standing.since_at)} if standing.since_at else {}
    return {
        "at": to_iso(standing.at),
        "applied": standing.applied.ranges,
        **_sums(standing.tally),
        **_kept(standing),
        "scores": standing.scores,
        "places": [[*seat, *_place(place)] for seat, place in standing.places.items()],
        "traits": standing.traits,
        "definitions": standing.definitions,
        **told_anew,
    }


def _kept(standing: ProfileStanding) -> dict[str, Any]:
    """Beside facts; most people need none of it."""
    memory = standing.memory
    kept: dict[str, Any] = {"remembered": standing.remembered}
    if memory.tracks:
        kept["tracks"] = memory.tracks
    if memory.records:
        kept["records"] = {kind: [_said(one) for one in said] for kind, said in memory.records.items()}
    if standing.worth:
        kept["worth"] = standing.worth
    if standing.addresses:
        kept |= {"addresses": standing.addresses, "consents": standing.consents}
    return kept


def _said(one: Contribution) -> list[Any]:
    values = [one.id, to_iso(one.at), one.message_id, one.fields, one.status, one.lines_mode, one.lines]
    while values and not values[-1]:
        values.pop()
    return values


def _read_records(kept: Mapping[str, Any]) -> dict[str, tuple[Contribution, ...]]:
    return {kind: tuple(_read_said(kind, *values) for values in said) for kind, said in kept.items()}


def _read_said(
    kind: str,
    record_id: str,
    at: str,
    message_id: str,
    fields: Mapping[str, Any] | None = None,
    status: str = "",
    mode: str = "",
    lines: Iterable[Mapping[str, Any]] = (),
) -> Contribution:
    return Contribution(kind, record_id, from_iso(at), message_id, fields or {}, status, mode, tuple(lines))


def _sums(tally: Tally) -> dict[str, Any]:
    settled = tally.book.settled
    return {
        "counts": tally.counts,
        "revenue_cents": tally.revenue_cents,
        "first_order_at": settled.first_at,
        "last_order_at": settled.last_at,
        "promo": settled.promo,
        "uncounted": settled.uncounted,
        "book": {key: _order(order) for key, order in tally.book.orders.items()},
        "first_seen_at": tally.first_seen_at,
    }


def _order(order: Order) -> list[int]:
    """Most orders are told once, and nothing else happens to them."""
    values = [order.at, order.cents]
    more = [order.told, order.refunded, order.promo + 2 * order.returned + 4 * order.cancelled]
    return values if more == [1, 0, 0] else values + more


def _read_order(at: int, cents: int, told: int = 1, refunded: int = 0, marks: int = 0) -> Order:
    return Order(at, told, cents, bool(marks & 1), refunded, bool(marks & 2), bool(marks & 4))


def _tally(state: Mapping[str, Any]) -> Tally:
    """What `_sums` wrote, or an earlier version of it that knew no single orders."""
    orders = {key: _read_order(*values) for key, values in state.get("book", {}).items()}
    settled = Sums(
        net=state["revenue_cents"] - sum(order.net for order in orders.values()),
        promo=state.get("promo", 0),
        uncounted=state.get("uncounted", 0),
        first_at=state["first_order_at"],
        last_at=state["last_order_at"],
    )
    return Tally(state["counts"], Book(settled, orders), state.get("first_seen_at", ""))


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
