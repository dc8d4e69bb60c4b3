"""How a standing changes by permissions that are given and withdrawn."""

from __future__ import annotations

from datetime import datetime

from services.scoring.domain.definitions import Definitions
from services.scoring.domain.judging import judge_anew, moved_to
from services.scoring.domain.permissions import Reached
from services.scoring.domain.standing import ProfileStanding


def permit(
    standing: ProfileStanding, reached: Reached, definitions: Definitions, now: datetime
) -> ProfileStanding | None:
    """The standing after permissions changed where the person is reached; `None` when it knows that.

    Whichever permission changed last tells when, but not before the person was last judged.
    """
    if standing.gone:
        return None
    after = moved_to(standing, reached, definitions)
    if after.consents == standing.consents:
        return None
    held = reached.held(definitions.needs.consents)
    news = [p.at for (purpose, channel), p in held.items() if _state(standing, purpose, channel) != p.state]
    at = max(min(max(news, default=now), now), standing.at)
    return judge_anew(standing, definitions, now, after, at=at)


def _state(standing: ProfileStanding, purpose: str, channel: str) -> str | None:
    return standing.consents.get(purpose, {}).get(channel)
