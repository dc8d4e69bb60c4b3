"""The event lake's layout: small raw objects as they are written, and Parquet parts of a day that a manifest lists.

A day's truth is its manifest: the parts it lists, and of the raw objects those it does not call absorbed. Whoever
writes a part first writes the object, then switches the manifest, then removes what it replaces, so that a crash at
any point leaves a day that reads the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from services.ingest.domain.arrival import FEEDBACK
from services.ingest.domain.forget import pattern_of
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.lines import whose
from services.ingest.domain.rulings import RULED
from services.ingest.domain.verdict import UNASKED
from services.shared.clock import from_iso, to_iso
from services.shared.ids import stable_id

RAW = "events/"
"""Where the consumer puts a batch's lines, gzip NDJSON, by the day it was worked through."""

PARQUET = "lake/"
_DATE = "date="

COLUMNS: Mapping[str, str] = {
    "receipt": "VARCHAR",
    "source": "VARCHAR",
    "door": "VARCHAR",
    "received_at": "TIMESTAMP",
    "disposition": "VARCHAR",
    "reason": "VARCHAR",
    "note": "VARCHAR",
    "message_id": "VARCHAR",
    "profile_id": "VARCHAR",
    "type": "VARCHAR",
    "name": "VARCHAR",
    "at": "TIMESTAMP",
    "event": "VARCHAR",
    "refused": "VARCHAR",
    "rolled_back": "BOOLEAN",
    "more": "VARCHAR",
}
"""Name and type of each column. Times are UTC. `event` is the event's JSON, `refused` the JSON text of what was
refused, `more` a JSON object of a line's fields that have no column of their own."""

RANK: Mapping[str, int] = {RULED: 4, "applied": 3, "duplicate": 2, UNASKED: 1, "rejected": 0}
"""Of two lines of one receipt the higher counts: a repetition may find less to do, never undo."""

TIES = ("profile_id", "message_id", "note", "reason")

_PLAIN = ("receipt", "source", "door", "disposition", "reason", "note", "message_id", "profile_id")
_DERIVED = ("type", "name", "at")


@dataclass(frozen=True)
class Manifest:
    """What a day consists of: `parts` (keys of Parquet objects, each receipt in exactly one), and `absorbed`, keys of
    raw objects whose lines are in the parts and which are about to be removed. `epoch` grows with each writer that
    takes the day, so that a slower one can't switch any more."""

    parts: tuple[str, ...] = ()
    absorbed: frozenset[str] = frozenset()
    epoch: int = 0

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """The manifest that `to_json` wrote."""
        read = json.loads(text)
        return cls(tuple(read["parts"]), frozenset(read["absorbed"]), read["epoch"])

    def to_json(self) -> str:
        """As it is stored."""
        return json.dumps({"parts": list(self.parts), "absorbed": sorted(self.absorbed), "epoch": self.epoch})

    def taken(self) -> Manifest:
        """As the next writer takes the day, with nothing left to remove."""
        return Manifest(self.parts, frozenset(), self.epoch + 1)

    def with_part(self, part: str | None, absorbed: Iterable[str]) -> Manifest:
        """After raw objects went into a new part (`None`: they held nothing new)."""
        parts = (*self.parts, part) if part and part not in self.parts else self.parts
        return replace(self, parts=parts, absorbed=self.absorbed | frozenset(absorbed))

    def replacing(self, old: str, new: str | None) -> Manifest:
        """With one part rewritten (`None`: nothing is left of it)."""
        parts = (new if part == old else part for part in self.parts)
        return replace(self, parts=tuple(part for part in parts if part))


def raw_prefix(day: date) -> str:
    """Prefix of a day's raw objects."""
    return f"{RAW}{_DATE}{day.isoformat()}/"


def raw_key(day: date, receipts: Iterable[str]) -> str:
    """Key of the object that holds these receipts: the same ones overwrite it."""
    return f"{raw_prefix(day)}{stable_id('evt', *sorted(receipts))}.ndjson.gz"


def parquet_prefix(day: date) -> str:
    """Prefix of a day's manifest and parts."""
    return f"{PARQUET}{_DATE}{day.isoformat()}/"


def manifest_key(day: date) -> str:
    """Key of a day's manifest; the underscore hides it from Athena."""
    return f"{parquet_prefix(day)}_manifest.json"


def part_key(day: date, sources: Iterable[str]) -> str:
    """Key of the part that is made of `sources`: whoever makes it again overwrites it."""
    return f"{parquet_prefix(day)}{stable_id('part', *sorted(sources)).replace('_', '-')}.parquet"


def day_of(prefix: str) -> date | None:
    """The day in a prefix such as `events/date=2026-01-02/`; `None` when it holds none."""
    _, found, text = prefix.rstrip("/").rpartition(f"/{_DATE}")
    try:
        return date.fromisoformat(text) if found else None
    except ValueError:
        return None


def slices(sizes: Mapping[str, int], limit: int) -> Iterator[list[str]]:
    """Keys in order, cut so that each portion has at most `limit` bytes (one object may exceed it alone)."""
    portion: list[str] = []
    size = 0
    for key in sorted(sizes):
        if portion and size + sizes[key] > limit:
            yield portion
            portion, size = [], 0
        portion.append(key)
        size += sizes[key]
    if portion:
        yield portion


def one_per_receipt(lines: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Each receipt once, by `preference`, whatever the order they come in."""
    kept: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        before = kept.get(line["receipt"])
        if before is None or preference(line) < preference(before):
            kept[line["receipt"]] = line
    return list(kept.values())


def preference(line: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Sorts lines of one receipt, the one that counts first: by `RANK`, then by `TIES`."""
    return (-RANK[line["disposition"]], *(str(line.get(name, "")) for name in TIES))


@dataclass(frozen=True)
class Amendment:
    """A change of lines that are there already. Those of the profiles in `forget` go. Those of nobody (an event that
    was refused, a ruling on who is who) that name one of `mentions` (`pattern_of`) stay as the record that there was
    one, without what it said. Those whose receipt begins with `roll_back` are marked: they happened, and no longer
    count. Making it again changes nothing.

    Who was one profile with the person once, and was parted, may have events of the person in lines of their own and
    the other way round. So of lines of the profiles in `parted` those go whose event is one of `own`; and lines of
    `forget` whose event is one of `others`' stay, as theirs (identifier or profile id, to profile id)."""

    forget: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()
    roll_back: str = ""
    parted: frozenset[str] = frozenset()
    own: frozenset[Identifier] = frozenset()
    others: Mapping[Identifier | str, str] = field(default_factory=dict)
    _names: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", pattern_of(self.mentions))

    def apply(self, line: dict[str, Any]) -> dict[str, Any] | None:
        """The line as it is to be; `None`: gone."""
        changed: dict[str, Any] = {}
        if line["profile_id"] in self.forget | self.parted:
            owner = self._owner(line)
            if owner is None:
                return None
            changed |= {"profile_id": owner} if owner != line["profile_id"] else {}
        if not line["profile_id"] and self._names.search(_said(line)):
            changed |= {"event": None, "refused": "", "message_id": ""}
        if self.roll_back and line["receipt"].startswith(self.roll_back):
            changed["rolled_back"] = True
        return {**line, **changed} if changed else line

    def _owner(self, line: Mapping[str, Any]) -> str | None:
        """Whose line of the person, or of somebody who was parted from them, it is; `None`: the person's."""
        profile_id = str(line["profile_id"])
        if not self.parted:
            return None
        who = whose(line)
        if profile_id in self.parted:
            return None if who in self.own or who in self.forget else profile_id
        return self.others.get(who)

    @property
    def name(self) -> str:
        """The same for the same amendment."""
        return stable_id("amend", *sorted(self.forget), "", *sorted(self.mentions), "", self.roll_back)


def _said(line: Mapping[str, Any]) -> str:
    """What a line keeps of its event."""
    event = json.dumps(line["event"], ensure_ascii=False) if line.get("event") is not None else ""
    return f"{line.get('refused') or ''} {event} {line.get('message_id') or ''}"


def counts(line: Mapping[str, Any]) -> bool:
    """Did the event of a line change a profile, and was not taken back?"""
    return line["disposition"] == "applied" and not line.get("rolled_back", False)


def happened_once(lines: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The lines that count, and of what nobody asked for those that did not count later."""
    counted: set[str] = set()
    aside: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        if counts(line):
            if line["door"] == FEEDBACK:
                counted.add(line["receipt"])
            yield line
        elif line["disposition"] == UNASKED:
            aside[line["receipt"]] = line
    yield from (line for receipt, line in aside.items() if receipt not in counted)


def to_row(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line as values of `COLUMNS`, JSON members as text."""
    event = line.get("event")
    known = {*_PLAIN, "received_at", "event", "refused", "rolled_back"}
    row = {name: str(line.get(name, "")) for name in _PLAIN}
    return {
        **row,
        "received_at": line["received_at"],
        **described(line, event),
        "event": None if event is None else _json(event),
        "refused": json.dumps(line["refused"]) if line.get("refused") else None,
        "rolled_back": bool(line.get("rolled_back", False)),
        "more": _json({name: value for name, value in line.items() if name not in known}),
    }


def to_line(row: Mapping[str, Any]) -> dict[str, Any]:
    """The line that `to_row` was given, times as `to_iso` writes them."""
    line = {name: row[name] for name in _PLAIN}
    return {
        **line,
        "received_at": to_iso(row["received_at"]),
        "event": None if row["event"] is None else json.loads(row["event"]),
        "refused": json.loads(row["refused"]) if row["refused"] else "",
        **({"rolled_back": True} if row["rolled_back"] else {}),
        **json.loads(row["more"]),
    }


def described(line: Mapping[str, Any], event: Any) -> dict[str, str | None]:
    """What a query looks for in an event: its `type`, `name` and `at`; absent for one that was refused."""
    if not isinstance(event, Mapping):
        return dict.fromkeys(_DERIVED)
    kind = str(event.get("type") or "")
    name = event.get("event") if kind == "track" else event.get("name")
    return {
        "type": kind,
        "name": name.strip() if isinstance(name, str) and name.strip() else kind,
        "at": _instant(event.get("timestamp"), line.get("sent_at") or line["received_at"]),
    }


def _instant(value: Any, otherwise: str) -> str:
    try:
        return to_iso(from_iso(value))
    except (ValueError, TypeError, OverflowError):
        return otherwise


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def finished(days: Iterable[date], now: datetime) -> Sequence[date]:
    """Those of `days` that are over, oldest first."""
    return sorted(day for day in days if day < now.date())
