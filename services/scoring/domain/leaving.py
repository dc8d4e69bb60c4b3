"""How a standing ends: its profile is merged into another, or erased; and what still comes for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.scoring.domain.definitions.hearing import Hearing
from services.scoring.domain.listening import heard
from services.scoring.domain.permissions import links
from services.scoring.domain.standing import Gone, ProfileStanding
from services.shared.contracts.ingest import CustomerEvent, Merge, ProfileChange


def merge(profile_id: str, standing: ProfileStanding | None, merged: Merge) -> ProfileStanding | None:
    """What remains of the loser of a merge; `None` when that is known, or when the profile was given back since.

    Its segments are left without a word: the winner is told everything again and enters its own.
    """
    before = standing or ProfileStanding(profile_id, 0, merged.at)
    if before.gone and (before.gone.erased or before.gone.at >= merged.at):
        return None
    if before.since_at and before.since_at >= merged.at:
        return None
    return _leave(before, Gone(merged.winner, merged.at))


def erase(profile_id: str, standing: ProfileStanding | None, at: datetime) -> ProfileStanding | None:
    """What remains of an erased profile; `None` when it was erased before."""
    before = standing or ProfileStanding(profile_id, 0, at)
    return None if before.gone and before.gone.erased else _leave(before, Gone("", at))


def overheard(
    standing: ProfileStanding, changes: Iterable[ProfileChange], hearing: Hearing
) -> ProfileStanding | None:
    """What remains of a merged profile after `changes` that its merge overtook: the winner is told of their events as
    told before, so what journeys listen to is heard here, under the id of then. `None` when nothing is."""
    applied, events = standing.applied, list[CustomerEvent]()
    for change in changes:
        if not change.told_before and change.since >= standing.since and change.version not in applied:
            applied = applied.add(change.version)
            events += change.events
    rows = tuple(heard(sorted(events, key=lambda e: (e.at, e.message_id)), hearing))
    if not rows or not standing.gone or standing.gone.erased:
        return None
    return replace(standing, version=standing.version + 1, applied=applied, heard=rows)


def _leave(before: ProfileStanding, gone: Gone) -> ProfileStanding:
    return ProfileStanding(
        profile_id=before.profile_id,
        version=before.version + 1,
        at=max(before.at, gone.at),
        applied=before.applied,
        since=before.since,
        since_at=before.since_at,
        gone=gone,
        linked=links(before.addresses, {}),
    )
