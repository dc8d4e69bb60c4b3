"""How journeys are run: pauses, cohorts that are not done, refusals, chores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.journeys.domain.cohort import Slot
from services.journeys.domain.figures import Figures, Happening
from services.journeys.domain.operating import Running
from services.journeys.domain.traces import Step
from services.journeys.ports.walks import Cohort
from services.shared.contracts.base import Model

STUCK_METRIC = "StuckCohorts"
"""Cohorts that should have gone on long ago, of any journey."""


LEAVING = "leaving"
"""Marks what is carried for a cohort that no execution will go on with."""


@dataclass(frozen=True)
class Live:
    """A cohort that is not done. An execution is `at_work` on it from its arrival at an action until it stands at a
    wait. `parks` is how often it was parked, and `carried` the data of the execution that goes on with it when it is
    resumed."""

    cohort: Cohort
    journey: str
    version: int
    created_at: datetime
    expires_at: datetime
    at_work: bool
    parks: int
    carried: Mapping[str, Any]

    @property
    def key(self) -> str:
        return self.cohort.slot.key

    @property
    def leaving(self) -> bool:
        """Is it parked for good, because its people go over to another version?"""
        return self.cohort.state == "parked" and LEAVING in self.carried

    @property
    def slot(self) -> Slot:
        return self.cohort.slot


class Runnings(Protocol):
    """How journeys, objectives and all together are run."""

    def get(self, name: str) -> Running:
        """Of one of these alone, as of now."""
        ...

    def of(self, journey: str, objective: str) -> Running:
        """Of a journey, with the pauses of its objective and of everything, as of now."""
        ...

    def recent(self, journey: str, objective: str) -> Running:
        """As `of`; up to a few seconds old."""
        ...

    def change(self, name: str, how: Callable[[Running], Running]) -> Running:
        """Change it as `how` says; what stands then.

        Raises:
            Conflict: `how` refuses, or others change it all the time.
        """
        ...


class Refusals(Protocol):
    """Who was not let in."""

    def of_profile(self, profile_id: str, journey: str) -> list[Step]:
        """Why a person was not let into a journey, the last time for each matter."""
        ...


class Counters(Protocol):
    """What came of journeys, counted once each."""

    def count(self, batch: Sequence[Happening]) -> None:
        """Add what happened, in the order of a stream that may repeat itself from where a batch began."""
        ...

    def of(self, journeys: Iterable[str]) -> dict[str, Figures]:
        """What came of each; may be a moment behind."""
        ...


class LiveCohorts(Protocol):
    """Cohorts that are not done, found by the version of the journey that they walk."""

    def page(self, journey: str, version: int, cursor: str, limit: int) -> tuple[list[Live], str]:
        """Some, the longest due first, and a cursor to go on behind them (empty: no more); at worst a second old.

        Raises:
            Invalid: `bad_cursor`.
        """
        ...

    def live(self, key: str) -> Live | None:
        """A cohort as of now."""
        ...

    def park(self, key: str, carried: Mapping[str, Any], due: datetime, *, standing: bool = False) -> bool:
        """Let nobody act on a cohort that is not due after `due`, until it is resumed with what is `carried`;
        `standing`: only if no execution is at work on it. `False`: it has gone on, or is done, or parked already."""
        ...

    def unpark(self, key: str, parks: int) -> bool:
        """Let it go on with another execution, which is to be started; again is the same. `False`: it was parked anew
        since."""
        ...

    def park_again(self, key: str, carried: Mapping[str, Any], parks: int) -> bool:
        """Park a cohort that is parked, so that whoever is about to let it go on does not. `False`: it has gone on."""
        ...

    def postpone(self, key: str, since: datetime, due: datetime) -> None:
        """Note that a cohort's wait, of which `since` is what is left, takes longer."""
        ...

    def prolong(self, key: str, expires_at: int) -> None:
        """Keep a cohort and its pages until then."""
        ...


class Chore(Model):
    """Bring the cohorts of a version to where its journey is wanted, from `cursor` on."""

    journey: str
    version: int
    cursor: str = ""


class Chores(Protocol):
    """A queue of chores."""

    def send(self, chores: Sequence[Chore]) -> None:
        """Let them be done soon."""
        ...
