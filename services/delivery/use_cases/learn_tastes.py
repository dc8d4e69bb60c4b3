"""Learns from people's events what they have and look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from services.delivery.domain.tastes import baskets, learned, tells
from services.delivery.ports import CatalogueStore, Tastes
from services.shared.aws.parallel import done, each
from services.shared.contracts.ingest import ProfileChange

TRIES = 10


class Contested(Exception):
    """Others kept changing what is known of a person; the queue's retry comes back to it."""


class LearnTastes:
    """Keeps tastes; repeated and overtaken changes teach nothing."""

    def __init__(self, *, tastes: Tastes, catalogue: CatalogueStore) -> None:
        self._tastes = tastes
        self._catalogue = catalogue

    def learn(self, changes: Sequence[ProfileChange]) -> int:
        """Take in what a batch tells of its people; how many of them were learned of.

        Raises:
            Contested: one of them could not be written.
        """
        by_profile: dict[str, list[ProfileChange]] = defaultdict(list)
        for change in changes:
            reachable = bool(change.traits.get("email") or change.traits.get("phone"))
            if tells(change, reachable=reachable):
                by_profile[change.profile_id].append(change)
        return sum(done(each(lambda one: self._learn(*one), list(by_profile.items()))))

    def _learn(self, profile_id: str, changes: Sequence[ProfileChange]) -> bool:
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
                for basket in bought:
                    self._catalogue.count_together(basket)
                return True
        raise Contested(profile_id)
