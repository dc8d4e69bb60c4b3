"""What an import would do to the people who are known: whom its rows would join, make one, or contradict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.ingest.domain.graph import Edge, Partition, partition
from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.policy import MANUAL
from services.ingest.domain.strands import edges_of
from services.ingest.domain.validate import Call

SHOWN = 100
"""Examples of each kind a plan lists."""

AGAINST = ("conflict", "limit", "shared", "cut")


class MergePlan:
    """Collects the calls of a file. What is known already stands; the file's rows are then taken in the order in
    which the identity graph would take them."""

    def __init__(self) -> None:
        self._rows: dict[int, Identifier] = {}
        self._edges: list[tuple[int, Edge]] = []
        self._people: dict[str, frozenset[Identifier]] = {}
        self._messages: dict[str, int] = {}
        self._repeated: list[dict[str, int]] = []
        self._same_person: list[dict[str, int]] = []
        self._first_row: dict[Identifier, int] = {}

    def know(self, profiles: Mapping[str, Iterable[Identifier]]) -> None:
        """Profiles that are there, with their identifiers."""
        self._people |= {profile: frozenset(held) for profile, held in profiles.items()}

    def add(self, row: int, call: Call, *, names_message: bool) -> None:
        """One call of a row; `names_message`: its message id is the file's own."""
        if names_message and self._messages.setdefault(call.message_id, row) != row:
            self._repeated.append({"row": row, "of_row": self._messages[call.message_id]})
        if not call.identifiers:
            return
        strong = call.identifiers[0]
        if call.type == "identify" and self._first_row.setdefault(strong, row) != row:
            self._same_person.append({"row": row, "of_row": self._first_row[strong]})
        self._rows.setdefault(row, strong)
        self._edges += [(row, edge) for edge in edges_of(Signed(str(row), call))]

    def result(self) -> dict[str, Any]:
        """The plan: counts, and the first `SHOWN` rows of each kind. `joined` rows belong to somebody known, `merges`
        make several known profiles one, `conflicts` name identifiers of different people and join nobody."""
        found = partition(self._nodes(), [*self._known_edges(), *(edge for _, edge in self._edges)])
        owners = self._owners(found)
        group_of = {node: group for group in found.groups for node in group}
        joined = [
            {"row": row, "profile_id": min(owners[group_of[strong]])}
            for row, strong in self._rows.items()
            if owners.get(group_of[strong])
        ]
        strangers = {group_of[strong] for strong in self._rows.values()} - owners.keys()
        merges = self._merges(owners, group_of)
        conflicts = self._conflicts(found)
        return {
            "rows": len(self._rows),
            "new_profiles": len(strangers),
            **_listed("joined", joined),
            **_listed("merges", merges),
            **_listed("conflicts", conflicts),
            **_listed("same_person_in_file", self._same_person),
            **_listed("repeated_message_ids", self._repeated),
        }

    def _nodes(self) -> set[Identifier]:
        held = {identifier for identifiers in self._people.values() for identifier in identifiers}
        ends = {node for _, edge in self._edges for node in (edge.strong, edge.weak)}
        return held | ends | set(self._rows.values())

    def _known_edges(self) -> list[Edge]:
        return [
            Edge(first, other, 0, MANUAL, kind="manual")
            for first, *others in (sorted(held) for held in self._people.values() if held)
            for other in others
        ]

    def _owners(self, found: Partition) -> dict[frozenset[Identifier], set[str]]:
        group_of = {node: group for group in found.groups for node in group}
        owners: dict[frozenset[Identifier], set[str]] = defaultdict(set)
        for profile, held in self._people.items():
            for identifier in held:
                owners[group_of[identifier]].add(profile)
        return dict(owners)

    def _merges(
        self,
        owners: Mapping[frozenset[Identifier], set[str]],
        group_of: Mapping[Identifier, frozenset[Identifier]],
    ) -> list[dict[str, Any]]:
        rows: dict[frozenset[Identifier], list[int]] = defaultdict(list)
        for row, strong in self._rows.items():
            rows[group_of[strong]].append(row)
        return [
            {"profiles": sorted(profiles), "rows": rows[group][:SHOWN]}
            for group, profiles in owners.items()
            if len(profiles) > 1
        ]

    def _conflicts(self, found: Partition) -> list[dict[str, Any]]:
        by_row: dict[int, str] = {}
        for row, edge in self._edges:
            verdict = found.verdicts[edge.pair]
            if verdict in AGAINST:
                by_row.setdefault(row, verdict)
        return [{"row": row, "reason": reason} for row, reason in by_row.items()]


def _listed(name: str, found: Sequence[Any]) -> dict[str, Any]:
    return {name: list(found[:SHOWN]), f"total_{name}": len(found)}
