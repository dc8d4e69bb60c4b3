"""One reminder for whoever asked for a permission and did not confirm it, where a purpose wants that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Protocol

from services.consent.domain.ledger import Entry
from services.consent.ports import LedgerStore
from services.shared.clock import Clock
from services.shared.contracts.consent import EVERY

DAYS_BACK = 3
"""Due days that are looked at: a schedule that stood still for a weekend misses nobody."""

Outcome = Literal["reminded", "forgotten", "settled"]


@dataclass(frozen=True)
class Due:
    """A request that is to be reminded of; it names nobody."""

    at: datetime
    address_key: str
    request_id: str


class ReminderStore(Protocol):
    """What is due, by day (UTC)."""

    def note(self, due: Due) -> None:
        """Keep it; again is the same."""
        ...

    def of_day(self, day: date) -> Iterator[Due]: ...

    def settle(self, due: Due) -> None:
        """It is done; again is the same."""
        ...


class Reminders:
    """The use case. A reminder has a send id of its own, the same whenever it is asked for: at most one leaves."""

    def __init__(
        self,
        *,
        store: ReminderStore,
        ledger: LedgerStore,
        remind: Callable[[Entry], bool],
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._remind = remind
        self._clock = clock

    def run(self) -> Counter[str]:
        """Remind of everything that is due; counts of what came of each.

        Raises:
            NotPublished: the bus refused; what is left is due the next time.
        """
        counts: Counter[str] = Counter()
        now = self._clock.now()
        for back in range(DAYS_BACK, -1, -1):
            for due in list(self._store.of_day((now - timedelta(days=back)).date())):
                if due.at <= now:
                    counts[self._settled(due)] += 1
                    self._store.settle(due)
        return counts

    def _settled(self, due: Due) -> Outcome:
        requested = self._ledger.find(due.address_key, due.request_id, "requested")
        if requested is None or not self._is_open(requested):
            return "settled"
        return "reminded" if self._remind(requested) else "forgotten"

    def _is_open(self, requested: Entry) -> bool:
        """Has nothing been said of the permission since, no newer request been made, and is there no objection?"""
        subject = (requested.purpose, requested.channel)
        states = self._ledger.states(requested.address_key)
        standing = states.get(subject)
        if (EVERY, requested.channel) in states or (standing and standing.state == "granted"):
            return False
        return all(
            entry.seq <= requested.seq
            for entry in self._ledger.history(requested.address_key)
            if (entry.purpose, entry.channel) == subject
        )
