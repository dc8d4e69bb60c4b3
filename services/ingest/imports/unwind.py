"""Taking an import back: its people are told anew without its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.known import Known
from services.ingest.domain.regroup import Component
from services.ingest.ports import Behind, Identities
from services.ingest.profiles.keeper import Keeper

ATTEMPTS = 25


class Unwinder:
    """Removes what some events brought: traits fall back to what stood before, people that were joined by them are
    parted, profiles of which nothing else is known become empty. What was decided by marketers stands."""

    def __init__(self, *, identities: Identities, keeper: Keeper, new_graph_id: Callable[[], str]) -> None:
        self._identities = identities
        self._keeper = keeper
        self._new_graph_id = new_graph_id

    def take_back(self, strands: Iterable[Identifier], receipts: str, reason: str) -> int:
        """Remove the events whose receipts begin with `receipts` from the people of `strands`; how many components
        of the graph that changed. Doing it again changes nothing.

        Raises:
            Behind: a history is still being written, or others kept changing the same people.
        """
        wanted = set(strands)
        changed = 0
        for _ in range(ATTEMPTS):
            known = self._identities.known(wanted)
            results = [self._one(c, known, receipts, reason) for c in self._components(known)]
            changed += sum(result is True for result in results)
            if all(result is None for result in results):
                return changed
        raise Behind("others kept changing these people")

    def _components(self, known: dict[Identifier, Known]) -> list[Component]:
        linked = self._identities.components({k.graph_id for k in known.values() if k.graph_id})
        alone = [
            Component(self._new_graph_id(), nodes={identifier: one.node})
            for identifier, one in known.items()
            if not one.graph_id
        ]
        return [*linked.values(), *alone]

    def _one(
        self, component: Component, known: dict[Identifier, Known], receipts: str, reason: str
    ) -> bool | None:
        """`None`: there is nothing to do; else whether it could be done."""
        planned = self._keeper.plan_without(component, receipts, reason)
        return None if planned is None else self._keeper.commit(planned, known)
