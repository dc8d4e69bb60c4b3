"""Builders and ports in memory for tests of loyalty points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.scoring.domain.loyalty.account import Account
from services.scoring.domain.loyalty.programme import Programme, Programmes
from services.scoring.loyalty.keeping import Keeping
from services.scoring.loyalty.referring import Referring
from services.shared.clock import FixedClock
from services.shared.contracts.ingest import CustomerEvent, ProfileChange

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

DOCUMENT: dict[str, Any] = {
    "unit": "beans",
    "from": "2026-01-01T00:00:00Z",
    "earn": [
        {
            "name": "purchase",
            "event": "Order Completed",
            "per": {"property": "revenue", "amount": 1, "points": 1},
        },
        {"name": "welcome", "event": "Registered", "points": 50, "once": True},
        {
            "name": "review",
            "event": "Product Reviewed",
            "where": {"prop": "stars", "gte": 1},
            "points": 10,
            "cap": {"points": 20, "per": "day"},
        },
    ],
    "expires": "P365D",
    "tiers": {
        "period": "P365D",
        "levels": [{"name": "silver", "points": 100}, {"name": "gold", "points": 500}],
    },
    "perks": [
        {"name": "repair", "title": "Free repair", "lever": "service", "tier": "silver"},
        {"name": "tasting", "title": "An evening of tasting", "lever": "relational", "tier": "gold"},
        {"name": "quiz", "title": "A round of the quiz", "lever": "engagement", "points": 30},
    ],
    "referral": {"referrer": 500, "friend": 200, "link": "https://shop.example/?ref={code}"},
}
PROGRAMME = Programme.read(DOCUMENT)
PROGRAMMES = Programmes([PROGRAMME], 1)


def day(number: float) -> datetime:
    """So many days after the programme began."""
    return START + number * DAY


def event(name: str, at: float, message_id: str = "", /, **properties: Any) -> CustomerEvent:
    """A track call, on a day."""
    message_id = message_id or f"{name}-{at}"
    return CustomerEvent(message_id=message_id, type="track", name=name, at=day(at), properties=properties)


def order(at: float, revenue: float, order_id: str = "", /, **properties: Any) -> CustomerEvent:
    """An order, on a day; its message is of its own."""
    order_id = order_id or f"o-{at}-{revenue}"
    more = {"order_id": order_id, "revenue": revenue, **properties}
    return event("Order Completed", at, f"m-{order_id}", **more)


def change(
    profile_id: str, version: int, *events: CustomerEvent, at: float = 0, since: int = 0, **more: Any
) -> ProfileChange:
    """A change of a profile with these events."""
    when = max([day(at), *(one.at for one in events)])
    return ProfileChange(
        profile_id=profile_id, version=version, at=when, events=list(events), since=since, **more
    )


class MemoryAccounts:
    """Conditional like the real ones. `rivals` write first, one per attempt. `broken_at` is the write (from 0) at which
    the connection is lost: before it, or after it where it is `too_late`."""

    def __init__(self) -> None:
        self.stored: dict[str, Account] = {}
        self.codes: dict[str, str] = {}
        self.rivals: list[Account] = []
        self.writes = 0
        self.broken_at: int | None = None
        self.too_late = False

    def load(self, profile_ids: Iterable[str]) -> Mapping[str, Account]:
        return {p: self.stored[p] for p in profile_ids if p in self.stored}

    def save(
        self, accounts: Sequence[Account], *, new_code: str = "", dropped_codes: Iterable[str] = ()
    ) -> bool:
        if self.rivals:
            rival = self.rivals.pop(0)
            self.stored[rival.profile_id] = rival
        stale = [a for a in accounts if self._version(a.profile_id) != a.version - 1]
        if stale or new_code in self.codes:
            return False
        lost, self.writes = self.writes == self.broken_at, self.writes + 1
        if lost and not self.too_late:
            raise ConnectionError
        self.stored |= {account.profile_id: account for account in accounts}
        if new_code:
            self.codes[new_code] = accounts[0].profile_id
        for code in dropped_codes:
            self.codes.pop(code, None)
        if lost:
            raise ConnectionError
        return True

    def owner_of(self, code: str) -> str:
        return self.codes.get(code, "")

    def due(self, until: datetime) -> Iterator[str]:
        return iter([p for p, one in self.stored.items() if one.due_at and one.due_at <= until])

    def _version(self, profile_id: str) -> int:
        known = self.stored.get(profile_id)
        return known.version if known else 0


class MemoryProgrammes:
    """Port `ProgrammeStore`."""

    def __init__(self, programmes: Programmes = PROGRAMMES) -> None:
        self.current = programmes

    def load(self) -> Programmes:
        return self.current

    def save(self, programmes: Programmes) -> bool:
        self.current = programmes
        return True


class People:
    """Ports `FirstOrders` and `TraitsOf`."""

    def __init__(self) -> None:
        self.first: dict[str, datetime] = {}
        self.said: dict[str, Mapping[str, Any]] = {}

    def first_order_at(self, profile_id: str) -> datetime | None:
        return self.first.get(profile_id)

    def traits(self, profile_id: str) -> Mapping[str, Any] | None:
        return self.said.get(profile_id, {})


class Shop:
    """All of it together."""

    def __init__(self) -> None:
        self.accounts = MemoryAccounts()
        self.programmes = MemoryProgrammes()
        self.people = People()
        self.clock = FixedClock(day(10))
        referring = Referring(self.accounts, self.people, self.people, self.clock)
        self.keeping = Keeping(self.accounts, self.programmes, self.clock, referring)

    def balance(self, profile_id: str) -> int:
        """What the ledger says now; it must be what is kept."""
        account = self.accounts.stored[profile_id]
        balance = account.ledger(self.clock.now()).balance
        assert account.balance == balance
        return balance
