"""Writing standings: each over the one it was made from, and judged anew when somebody else was first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import NotSaved, Overtaken, Standings, UnreadableStanding

ATTEMPTS = 5
"""Times a standing is judged anew after another writer was first."""

Judge = Callable[[str, ProfileStanding | None], ProfileStanding | None]
LookUp = Callable[[Mapping[str, ProfileStanding | None]], None]


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

    def and_then(self, later: Outcome) -> Outcome:
        """Of two batches, one after the other."""
        return Outcome(
            self.written + later.written,
            self.unchanged + later.unchanged,
            {**self.failed, **later.failed},
            self.unsaved + later.unsaved,
        )


class Rewriter:
    """Writes standings."""

    def __init__(self, standings: Standings) -> None:
        self._standings = standings

    def settle(
        self,
        profile_ids: Sequence[str],
        loaded: Mapping[str, ProfileStanding | UnreadableStanding],
        judge: Judge,
        look_up: LookUp | None = None,
    ) -> Outcome:
        """Write what `judge` makes of each standing (`None`: nothing), anew from what stands when another writer was
        first. One that fails does not hold up its neighbours. `look_up` is called with the standings before they are
        judged, each time."""
        failed: dict[str, Exception] = {p: s for p, s in loaded.items() if isinstance(s, UnreadableStanding)}
        current = {p: s for p in profile_ids if not isinstance(s := loaded.get(p), UnreadableStanding)}
        written = unchanged = unsaved = 0
        for _ in range(ATTEMPTS):
            if look_up:
                look_up(current)
            judged, refused = _judged(current, judge)
            failed |= refused
            unsaved += sum(isinstance(error, Unready) for error in refused.values())
            unchanged += len(current) - len(judged) - len(refused)
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


def _judged(
    current: Mapping[str, ProfileStanding | None], judge: Judge
) -> tuple[list[ProfileStanding], dict[str, Exception]]:
    """The standings that are to be written, and why others can't be judged."""
    judged: list[ProfileStanding] = []
    failed: dict[str, Exception] = {}
    for profile_id, standing in current.items():
        try:
            after = judge(profile_id, standing)
        except Exception as error:  # one poisonous profile must not hold up its neighbours
            failed[profile_id] = error
            continue
        if after is not None:
            judged.append(after)
    return judged, failed
