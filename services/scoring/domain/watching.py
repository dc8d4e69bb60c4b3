"""Watches that are new to somebody: what held already when they were asked for is not news.

Who is judged by a watch for the first time may have come to fit before or after it was asked for. Events tell the two
apart by their time. Traits have no past here: of somebody who fits by a trait that nobody looked at before, it is
taken that they did already.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.scoring.domain.definitions import Definitions
from services.scoring.domain.seeing import view_of_places
from services.scoring.domain.standing import ProfileStanding
from services.scoring.domain.telling import is_new
from services.shared.conditions import evaluate

AsOf = Callable[[datetime], ProfileStanding]
"""The standing with what was remembered at a moment."""


def held_already(
    before: ProfileStanding, definitions: Definitions, as_of: AsOf | None = None
) -> frozenset[str]:
    """The watches that are new to a standing and held for it when they were asked for; without its past (`as_of`), as
    the standing was left. Who is only known since has no such."""
    if not before.version or (as_of is None and before.definitions == definitions.version):
        return frozenset()
    new = [one for one in definitions.watches if is_new(one, before, definitions)]
    views = {}
    for at in {one.asked_at for one in new}:
        standing = as_of(at) if as_of else before
        views[at] = view_of_places(standing, definitions), at if as_of else max(at, before.at)
    return frozenset(one.name for one in new if evaluate(one.condition, *views[one.asked_at]))
