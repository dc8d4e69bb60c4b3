"""How a standing ends: its profile is merged into another, or erased."""

from __future__ import annotations

from datetime import datetime

from services.scoring.domain.permissions import links
from services.scoring.domain.standing import Gone, ProfileStanding
from services.shared.contracts.ingest import Merge


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


def _leave(before: ProfileStanding, gone: Gone) -> ProfileStanding:
    return ProfileStanding(
        profile_id=before.profile_id,
        version=before.version + 1,
        at=max(before.at, gone.at),
        since=before.since,
        since_at=before.since_at,
        gone=gone,
        linked=links(before.addresses, {}),
    )
