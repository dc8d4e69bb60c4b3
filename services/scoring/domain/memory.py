"""What is remembered of a person's events: facts, tracks and related records, as far as definitions need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.scoring.domain.definitions.needs import HELD, Needs
from services.scoring.domain.facts import Tally, event_key, fold
from services.shared.conditions import States, prune
from services.shared.conditions import fold as fold_tracks
from services.shared.contracts.ingest import CustomerEvent
from services.shared.records import ORDER, PRODUCT, Contribution, contributions, held, pieces, records

MOST_RECORDS = 200
"""Related records of a type that are remembered, those that changed last."""

Records = Mapping[str, tuple[Contribution, ...]]

_HELD_LINE = frozenset({"line:product_id", "line:quantity"})


@dataclass(frozen=True)
class Memory:
    """`records` are what events said about related records, by type."""

    tally: Tally = field(default_factory=Tally)
    tracks: States = field(default_factory=dict)
    records: Records = field(default_factory=dict)

    def with_event(self, event: CustomerEvent, needs: Needs) -> Memory:
        """With one more event; the same object when it changes nothing. Any order of events comes to the same."""
        tally = fold(self.tally, event, needs.counted)
        matched = needs.matcher(event_key(event), event.properties) if needs.tracks else ()
        tracks = fold_tracks(self.tracks, event, needs.tracks, matched) if matched else self.tracks
        known = _with_records(self.records, event, needs.kept_fields) if needs.fields else self.records
        if tally is self.tally and tracks is self.tracks and known is self.records:
            return self
        return Memory(tally, tracks, known)

    def pruned(self, needs: Needs, now: datetime) -> Memory:
        """Without what no answer from `now` on can need."""
        wanted = _types(needs.kept_fields)
        kept = {kind: _newest(said) for kind, said in self.records.items() if kind in wanted}
        tracks = prune(self.tracks, needs.tracks, now) if self.tracks else self.tracks
        if kept == self.records and tracks is self.tracks:
            return self
        return replace(self, tracks=tracks, records=kept)

    def pieces(self) -> dict[str, float] | None:
        """Pieces of the products held, by product; `None` of who never bought or opened one. Products are remembered
        where a margin table or a condition asks for them."""
        return pieces(one for kind in (ORDER, PRODUCT) for one in records(self.records.get(kind, ())))

    def relations(self, needs: Needs) -> dict[str, list[dict[str, Any]]]:
        """Related records as conditions see them, by type."""
        if not needs.fields:
            return {}
        known = {kind: records(said) for kind, said in self.records.items()}
        seen = {kind: [one.shown() for one in known.get(kind, ())] for kind in needs.kept_fields}
        if HELD in seen:
            seen[HELD] = [_product(one) for one in held([*known.get(ORDER, ()), *known.get(PRODUCT, ())])]
        return seen


def _types(fields: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The types of records that these relations are made of."""
    more = {ORDER, PRODUCT} if HELD in fields else set()
    return frozenset({*fields, *more} - {HELD})


def _with_records(known: Records, event: CustomerEvent, fields: Mapping[str, frozenset[str]]) -> Records:
    wanted = _types(fields)
    said = [one for one in contributions(event) if one.type in wanted]
    if not said:
        return known
    more = dict(known)
    for one in said:
        names = fields.get(one.type, frozenset())
        if HELD in fields:
            names = names | _HELD_LINE | fields[HELD]
        more[one.type] = _inserted(more.get(one.type, ()), _projected(one, names))
    return more


def _projected(one: Contribution, names: frozenset[str]) -> Contribution:
    in_line = {name.removeprefix("line:") for name in names if name.startswith("line:")}
    return replace(
        one,
        fields={name: value for name, value in one.fields.items() if name in names},
        lines=tuple({n: v for n, v in line.items() if n in in_line} for line in one.lines) if in_line else (),
    )


def _inserted(said: tuple[Contribution, ...], one: Contribution) -> tuple[Contribution, ...]:
    """In one order, whatever the order of arrival."""
    return tuple(sorted((*said, one), key=lambda c: (*c.order, c.id)))


def _newest(said: tuple[Contribution, ...]) -> tuple[Contribution, ...]:
    if len(said) <= MOST_RECORDS:
        return said
    ids: dict[str, None] = {}
    for one in reversed(said):
        ids.setdefault(one.id, None)
    keep = set(list(ids)[:MOST_RECORDS])
    return tuple(one for one in said if one.id in keep)


def _product(one: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in one.items() if name not in ("product_id", "since")}
    return {"id": one["product_id"], "status": "held", "first_at": one["since"], "fields": fields}
