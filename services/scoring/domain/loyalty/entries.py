"""What was done that points follow from. An account holds a set of these; the ledger is a function of the set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

EARN, REFUND, REFERRED = "earn", "refund", "referred"
"""What customer events say: told again after a merge or an un-merge."""

BURN, ADJUST, REWARD = "burn", "adjust", "reward"
"""What was done by hand or by us: nobody tells it again, so it travels with the person."""

ACTS = frozenset({BURN, ADJUST, REWARD})

RECOMMENDED, WELCOME, REFUSED = "referral", "welcome", "self_referral"
"""Why there is a reward: for who recommended, for the friend; or why there is none for the friend, for good."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

EntryKey = tuple[str, str, str]


@dataclass(frozen=True)
class Entry:
    """One thing that was done at `at` (ms since 1970), known by kind, cause and message.

    `cause` is the rule, the perk, the referral code or the reason; `points` what it claims (of a burn below zero);
    `order` stands for the order it is about, `cents` for its amount (of a refund: what was given back, `None`: all of
    it); points live `life` ms (0: for ever). `bucket` are the earnings that are capped with it, at `most` points (0:
    one entry is all that counts). `home` is the profile under which an act was done.
    """

    kind: str
    at: int
    cause: str
    message_id: str
    points: int = 0
    order: str = ""
    cents: int | None = None
    life: int = 0
    bucket: str = ""
    most: int = 0
    home: str = ""

    @property
    def key(self) -> EntryKey:
        """What makes it the same entry, however often it comes."""
        return self.kind, self.cause, self.message_id

    @property
    def place(self) -> tuple[int, str, str]:
        """Where it stands among others: by time, and where that is the same by what it is."""
        return self.at, self.message_id, self.cause


Entries = Mapping[EntryKey, Entry]


def joined(*sets: Iterable[Entry]) -> dict[EntryKey, Entry]:
    """Sets of entries as one. Of two with one key the greater, so that it makes no difference which came first."""
    found: dict[EntryKey, Entry] = {}
    for entries in sets:
        for entry in entries:
            known = found.get(entry.key)
            if known is None or _rank(entry) > _rank(known):
                found[entry.key] = entry
    return found


def milliseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - _EPOCH) // _MILLISECOND


def instant(at: int) -> datetime:
    """The reverse."""
    return _EPOCH + at * _MILLISECOND


def stands_for(profile_id: str) -> str:
    """What is kept of a profile in somebody else's ledger: leads nowhere once the profile is erased."""
    return hashlib.sha256(f"referral:{profile_id}".encode()).hexdigest()[:20]


def _rank(entry: Entry) -> tuple[Any, ...]:
    cents = -1 if entry.cents is None else entry.cents
    return entry.at, entry.points, entry.order, cents, entry.life, entry.bucket, entry.most, entry.home
