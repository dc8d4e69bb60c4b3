"""Whose standing an id leads to by now."""

from __future__ import annotations

from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import Standings, UnreadableStanding
from services.shared.errors import NotFound


def current_standing(standings: Standings, profile_id: str) -> ProfileStanding:
    """The standing of a profile; of a merged one, that of the one it is part of.

    Raises:
        NotFound: nothing is known of the profile.
        UnreadableStanding: what is stored is none; a bug, not the caller's.
    """
    seen: set[str] = set()
    while profile_id not in seen:
        seen.add(profile_id)
        standing = standings.load([profile_id]).get(profile_id)
        if isinstance(standing, UnreadableStanding):
            raise standing
        if standing and not standing.gone:
            return standing
        profile_id = standing.gone.into if standing and standing.gone else ""
    raise NotFound("not_found", "nothing is known of this profile")
