"""Writing standings: each over the one it was made from, and judged anew when somebody else was first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import NotSaved, Overtaken, Standings, UnreadableStanding

ATTEMPTS = 5
"""Times a standing is judged anew after another writer was first."""

Judge = Callable[[str, ProfileStanding | None], ProfileStanding | None]
Look = Callable[[Mapping[str, ProfileStanding | None]], None]


class Contended(Exception):
    """Other writers were first each time."""


class Unready(Exception):
    """Not all of the profile's past is known yet."""


@dataclass(frozen=True)
class Outcome:
    """What became of a batch: profiles written, profiles that had nothing new, why others failed, and how many of
    those the store did not take, so that another time it may."""

    written: int
    unchanged: int
    failed: Mapping[str, Exception]
    unsaved: int


class Rewriter:
    """Writes standings."""

    def __init__(self, standings: Standings) -> None:
        self._standings = standings

    def settle(
        self,
        profile_ids: Sequence[str],
        loaded: Mapping[str, ProfileStanding | UnreadableStanding],
        judge: Judge,
        look: Look = lambda _: None,
    ) -> Outcome:
        """Write what `judge` makes of each standing (`None`: nothing), anew from what stands when another writer was
        first. One that fails does not hold up its neighbours. All that are about to be judged are given to `look`."""
        failed: dict[str, Exception] = {p: s for p, s in loaded.items() if isinstance(s, UnreadableStanding)}
        current = {p: s for p in profile_ids if not isinstance(s := loaded.get(p), UnreadableStanding)}
        written = unchanged = unsaved = 0
        for _ in range(ATTEMPTS):
            look(current)
            judged = []
            for profile_id, standing in current.items():
                try:
                    after = judge(profile_id, standing)
                except Unready as error:
                    failed[profile_id] = error
                    unsaved += 1
                    continue
                except Exception as error:  # one poisonous profile must not hold up its neighbours
                    failed[profile_id] = error
                    continue
                if after is None:
                    unchanged += 1
                else:
                    judged.append(after)
            current = {}
            for after, result in zip(judged, self._standings.save(judged), strict=True):
                if isinstance(result, Overtaken):
                    current[after.profile_id] = result.current
                elif isinstance(result, NotSaved):
                    failed[after.profile_id] = result.error
                    unsaved += 1
                else:
                    written += 1
            if not current:
                break
        failed |= {profile_id: Contended(profile_id) for profile_id in current}
        return Outcome(written, unchanged, failed, unsaved + len(current))
