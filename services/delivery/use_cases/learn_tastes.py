"""Learns from people's events what they have and look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from services.delivery.domain.tastes import baskets, learned, tells_of_looks, tells_of_orders
from services.delivery.ports.content import CatalogueStore, Tastes
from services.shared.aws.parallel import done, each
from services.shared.contracts.ingest import ProfileChange

TRIES = 10


class Contested(Exception):
    """Others kept changing what is known of a person; the queue's retry comes back to it."""


class LearnTastes:
    """Keeps tastes; repeated and overtaken changes teach nothing. Orders are always learned; looks, and what is bought
    together, only where there are products to show: they are many."""

    def __init__(self, *, tastes: Tastes, catalogue: CatalogueStore) -> None:
        self._tastes = tastes
        self._catalogue = catalogue

    def learn(self, changes: Sequence[ProfileChange]) -> int:
        """Take in what a batch tells of its people; how many of them were learned of.

        Raises:
            Contested: one of them could not be written.
        """
        counting = any(map(_costs, changes)) and self._catalogue.in_use()
        by_profile: dict[str, list[ProfileChange]] = defaultdict(list)
        for change in changes:
            if tells_of_orders(change) or (counting and tells_of_looks(change)):
                by_profile[change.profile_id].append(change)
        people = list(by_profile.items())
        return sum(done(each(lambda one: self._learn(*one, counting=counting), people)))

    def _learn(self, profile_id: str, changes: Sequence[ProfileChange], *, counting: bool) -> bool:
        for _ in range(TRIES):
            before = self._tastes.of(profile_id)
            after, bought = before, list[list[str]]()
            for change in changes:
                bought += baskets(after, change)
                after = learned(after, change)
            if after == before:
                return False
            if self._tastes.keep(profile_id, after):
                # Not with the write: a crash here loses a count of thousands, and none is counted twice.
                for basket in bought if counting else ():
                    self._catalogue.count_together(basket)
                return True
        raise Contested(profile_id)


def _costs(change: ProfileChange) -> bool:
    return tells_of_looks(change) or tells_of_orders(change)
