"""What was ruled on who is who, into the lake; and from there into profiles that are built anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.ingest.domain.graph import Cut
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.known import Known
from services.ingest.domain.regroup import Component, News
from services.ingest.domain.rulings import Rulings, Standing, erased_lines, lines_of
from services.ingest.people.ports import Tombstones
from services.ingest.ports import Behind, Identities, Lake
from services.ingest.profiles.keeper import Keeper
from services.shared.clock import Clock


class RulingsKept:
    """The use case behind the outbox: repeating it changes nothing."""

    def __init__(self, *, tombstones: Tombstones, lake: Lake, clock: Clock) -> None:
        self._tombstones = tombstones
        self._lake = lake
        self._clock = clock

    def keep(self, told: Sequence[Rulings]) -> int:
        """Write rulings to the lake; how many. One that names somebody who was erased since is dropped: the lake may
        have forgotten the name already."""
        return self._put([line for rulings in told for line in lines_of(rulings, self._gone(rulings))])

    def forget(self, identifiers: Iterable[Identifier], erasure_id: str, at: datetime) -> None:
        """Write to the lake that these were somebody's who is erased."""
        self._put(erased_lines(map(self._tombstones.mark, identifiers), erasure_id, at))

    def _put(self, lines: Sequence[Mapping[str, Any]]) -> int:
        if lines:
            self._lake.put(self._clock.now(), [line["receipt"] for line in lines], lines)
        return len(lines)

    def _gone(self, rulings: Rulings) -> set[Identifier]:
        erased = self._tombstones.of(rulings.identifiers())
        return {identifier for identifier, at in erased.items() if at >= rulings.made}


class Ruler:
    """Makes rulings hold again where all events are, and nobody else is at work."""

    def __init__(self, *, identities: Identities, keeper: Keeper, new_graph_id: Callable[[], str]) -> None:
        self._identities = identities
        self._keeper = keeper
        self._new_graph_id = new_graph_id

    def enforce(self, standing: Standing) -> None:
        """Join, one after the other, and then part: parting first would make people who never were.

        Raises:
            Behind: somebody else changed the same people meanwhile.
            TooMany: a parting is more than one transaction holds.
        """
        for edge in standing.edges:
            components, known = self._components((edge.strong, edge.weak))
            if {edge.strong, edge.weak} <= known.keys():
                self._commit(components, known, News((edge,)), ())
        for cuts in _linked(standing.cuts):
            components, known = self._components(i for cut in cuts for i in (*cut.side, *cut.other))
            if components:
                self._commit(components, known, News(), cuts)

    def _commit(
        self,
        components: Sequence[Component],
        known: Mapping[Identifier, Known],
        news: News,
        cuts: Sequence[Cut],
    ) -> None:
        there = [cut for component in components for cut in component.cuts]
        planned = self._keeper.plan(components, news, cuts=[*there, *cuts])
        if not self._keeper.commit(planned, known):
            raise Behind("somebody else is at work")

    def _components(
        self, identifiers: Iterable[Identifier]
    ) -> tuple[list[Component], dict[Identifier, Known]]:
        known = self._identities.known(identifiers)
        linked = self._identities.components({one.graph_id for one in known.values() if one.graph_id})
        alone = [
            Component(self._new_graph_id(), nodes={identifier: one.node})
            for identifier, one in known.items()
            if not one.graph_id
        ]
        return [*linked.values(), *alone], known


def _linked(cuts: Sequence[Cut]) -> list[list[Cut]]:
    """Cuts in groups that share no identifier."""
    groups: list[tuple[set[Identifier], list[Cut]]] = []
    for cut in cuts:
        names, mine = {*cut.side, *cut.other}, [cut]
        apart = []
        for group in groups:
            if group[0] & names:
                names |= group[0]
                mine = [*group[1], *mine]
            else:
                apart.append(group)
        groups = [*apart, (names, mine)]
    return [mine for _, mine in groups]
