"""What the identity graph holds that no event says: what marketers joined and parted, and what erasures and imports
taken back made of that. It goes to the lake as rulings about two identifiers each, so that profiles can be rebuilt from
there, and so that an erasure forgets exactly those that speak of the person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Literal, cast

from services.ingest.domain.graph import Cut, Edge
from services.ingest.domain.history import EPOCH
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.policy import MANUAL
from services.ingest.domain.regroup import Component, Node
from services.shared.clock import from_iso, to_iso

RULED = "ruled"
"""Disposition of a line that is no event."""

DOOR = "review"
_TYPE = "identity"
ERASED = "erased"
_MS = timedelta(milliseconds=1)

What = Literal["joined", "unjoined", "parted", "unparted", "born"]
"""A manual edge came or went; a cut between two identifiers came or went; an identifier was given a profile id."""


@dataclass(frozen=True)
class Ruling:
    """`what` about `first` and `second` (`born`: about `first` alone, whose profile is `home`); `at` (ms) is the time
    of the edge or of the birth."""

    what: What
    first: Identifier
    second: Identifier
    at: int = 0
    home: str = ""


@dataclass(frozen=True)
class Rulings:
    """Those of one change of a component, made at `at` (ms); `graph_id` and `version` name it."""

    graph_id: str
    version: int
    at: int
    of: tuple[Ruling, ...]

    @property
    def made(self) -> datetime:
        """`at` as an instant."""
        return EPOCH + self.at * _MS

    def identifiers(self) -> set[Identifier]:
        """All they speak of."""
        return {i for one in self.of for i in (one.first, one.second)}

    def among(self, identifiers: Collection[Identifier]) -> Rulings:
        """Those about nobody else."""
        return replace(
            self, of=tuple(r for r in self.of if r.first in identifiers and r.second in identifiers)
        )

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it."""
        rows = [[one.what, one.first.key, one.second.key, one.at, one.home] for one in self.of]
        return {"graph_id": self.graph_id, "version": self.version, "at": self.at, "of": rows}

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Rulings:
        """What `to_json` wrote."""
        of = (
            Ruling(what, Identifier.from_key(first), Identifier.from_key(second), at, home)
            for what, first, second, at, home in read["of"]
        )
        return cls(read["graph_id"], read["version"], read["at"], tuple(of))


def ruled(
    before: Sequence[Component], after: Component, at: int, told: Collection[Identifier] = ()
) -> Rulings | None:
    """What the change of components `before` into `after` rules beside what events say: how manual edges and cuts
    differ, and the profile ids that were born with that, but for those of identifiers in `told`, whose own events come
    with it and say so. `None`: nothing."""
    edges_before, edges_after = _manual(before), _manual([after])
    cuts_before, cuts_after = _cut(before), _cut([after])
    found = [
        *(Ruling("joined", *pair, edge.at) for pair, edge in edges_after.items() if pair not in edges_before),
        *(Ruling("unjoined", *pair) for pair in edges_before.keys() - edges_after.keys()),
        *(Ruling("parted", *pair) for pair in cuts_after - cuts_before),
        *(Ruling("unparted", *pair) for pair in cuts_before - cuts_after),
    ]
    homes = {identifier: node.home for one in before for identifier, node in one.nodes.items()}
    found += [
        Ruling("born", identifier, identifier, node.born, node.home)
        for identifier, node in after.nodes.items()
        if node.home and homes.get(identifier) != node.home and identifier not in told
    ]
    if not found:
        return None
    return Rulings(after.graph_id, after.version, at, tuple(sorted(found, key=_by_name)))


def _by_name(one: Ruling) -> tuple[str, str, str]:
    return one.what, one.first.key, one.second.key


def _manual(components: Iterable[Component]) -> dict[tuple[Identifier, Identifier], Edge]:
    edges = (edge for one in components for edge in one.edges.values())
    return {(edge.strong, edge.weak): edge for edge in edges if edge.kind == "manual"}


def _cut(components: Iterable[Component]) -> set[tuple[Identifier, Identifier]]:
    """A cut forbids what all pairs of one identifier of each side forbid."""
    cuts = (cut for one in components for cut in one.cuts)
    pairs = (sorted(pair) for cut in cuts for pair in product(cut.side, cut.other))
    return {(first, second) for first, second in pairs}


def erased_lines(marks: Iterable[str], erasure_id: str, at: datetime) -> list[dict[str, Any]]:
    """A line of the lake for each mark (keyed hash of an identifier) of somebody who was erased: other people's events
    may still name it, and mean nobody by it."""
    return [_line(f"{erasure_id}-{mark}", at, {"name": ERASED, "mark": mark}) for mark in sorted(set(marks))]


def erasures(lines: Iterable[Mapping[str, Any]]) -> dict[str, datetime]:
    """The marks in lines, each with the last time that it was made."""
    found: dict[str, datetime] = {}
    for line in lines:
        event = line["event"] if line["disposition"] == RULED else None
        if event and event["name"] == ERASED:
            at = from_iso(event["timestamp"])
            found[event["mark"]] = max(at, found.get(event["mark"], at))
    return found


def lines_of(rulings: Rulings, gone: Collection[Identifier] = ()) -> list[dict[str, Any]]:
    """A line of the lake for each ruling that names none of `gone`. Names stand in the line's event and the line is
    nobody's, so that it is emptied when one of the two is forgotten."""
    return [
        _line(
            f"{rulings.graph_id}-{rulings.version}-{number}",
            rulings.made,
            {
                "name": one.what,
                "order": [rulings.version, number],
                "first": [one.first.kind, one.first.value],
                "second": [one.second.kind, one.second.value],
                "at": one.at,
                "home": one.home,
            },
        )
        for number, one in enumerate(rulings.of)
        if one.first not in gone and one.second not in gone
    ]


def _line(receipt: str, at: datetime, said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "receipt": receipt,
        "source": "halte",
        "door": DOOR,
        "received_at": to_iso(at),
        "disposition": RULED,
        "reason": "",
        "note": "",
        "message_id": "",
        "profile_id": "",
        "event": {"type": _TYPE, "timestamp": to_iso(at), **said},
        "refused": "",
    }


@dataclass(frozen=True)
class Standing:
    """What is in force of many rulings."""

    edges: tuple[Edge, ...]
    cuts: tuple[Cut, ...]
    births: Mapping[Identifier, Node]


def standing(lines: Iterable[Mapping[str, Any]]) -> Standing:
    """What the lines say in the end: of each two identifiers the latest ruling of a kind counts. Lines of other kinds,
    and those that were emptied, say nothing."""
    events = [line["event"] for line in lines if line["disposition"] == RULED and line["event"]]
    events = [event for event in events if event["name"] != ERASED]
    events.sort(key=lambda event: (from_iso(event["timestamp"]), event["order"]))
    edges: dict[tuple[Identifier, Identifier], Edge] = {}
    cuts: dict[tuple[Identifier, Identifier], Cut] = {}
    births: dict[Identifier, Node] = {}
    for event in events:
        pair = first, second = Identifier(*event["first"]), Identifier(*event["second"])
        match cast("What", event["name"]):
            case "joined":
                edges[pair] = Edge(first, second, event["at"], MANUAL, "manual")
            case "unjoined":
                edges.pop(pair, None)
            case "parted":
                cuts[pair] = Cut(frozenset((first,)), frozenset((second,)))
            case "unparted":
                cuts.pop(pair, None)
            case "born":
                births[first] = Node(event["home"], event["at"])
    return Standing(tuple(edges.values()), tuple(cuts.values()), births)
