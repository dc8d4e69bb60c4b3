"""Mentions in DynamoDB: sums by day and topic, and what was counted already. No text, no author.

owner                entry                       what
forum/<name>         day/<YYYY-MM-DD>/<topic>    mentions, scored, thousandths, positive, negative; topic "": all
segment/<name>       the same
seen/<hash>          seen                        (nothing), for `SEEN_KEPT`
feed/<forum>         state                       how the last reading went
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from services.scoring.domain.mentions import ALL, SEEN_KEPT, Day, Days, Mention, counted
from services.shared.aws.dynamo import Op, Table, TransactionRefused, transact

DAYS_KEPT = timedelta(days=430)
ATTEMPTS = 6
_FIELDS = tuple(asdict(Day()))


class Contended(Exception):
    """Other mentions of the same day were counted first each time."""


class MentionsTable:
    """Port `Mentions`: the table `mentions`, key `owner` and `entry`, ttl `expires_at`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, mention: Mention, owners: Sequence[str], now: datetime) -> bool:
        expires = int((now + SEEN_KEPT).timestamp())
        marks = [
            self._table.put_op(
                {"owner": f"seen/{key}", "entry": "seen", "expires_at": expires},
                condition="attribute_not_exists(#owner)",
                names={"#owner": "owner"},
            )
            for key in mention.keys
        ]
        sums = [self._sum(owner, mention, topic) for owner in owners for topic in (ALL, *mention.topics)]
        for attempt in range(ATTEMPTS):
            try:
                transact([*marks, *sums])
                return True
            except TransactionRefused as refusal:
                if refusal.failed_conditions():
                    return False
                time.sleep(0.02 * 2**attempt)  # another mention of the same day was being counted
        raise Contended

    def days(self, owner: str, first: date) -> Days:
        rows = self._table.query(
            "#owner = :owner AND entry BETWEEN :first AND :last",
            names={"#owner": "owner"},
            values={":owner": owner, ":first": f"day/{first.isoformat()}", ":last": "day/~"},
        )
        found = {}
        for row in rows:
            _, day, topic = row["entry"].split("/")
            found[date.fromisoformat(day), topic] = Day(**{name: int(row.get(name, 0)) for name in _FIELDS})
        return found

    def note_feed(self, forum: str, state: Mapping[str, Any]) -> None:
        self._table.put({"owner": f"feed/{forum}", "entry": "state", "state": dict(state)})

    def feed(self, forum: str) -> Mapping[str, Any] | None:
        item = self._table.get({"owner": f"feed/{forum}", "entry": "state"})
        return item["state"] if item else None

    def _sum(self, owner: str, mention: Mention, topic: str) -> Op:
        day = mention.at.date()
        added = {name: number for name, number in asdict(counted(mention)).items() if number}
        return self._table.update_op(
            {"owner": owner, "entry": f"day/{day.isoformat()}/{topic}"},
            "SET expires_at = :expires ADD " + ", ".join(f"#{name} :{name}" for name in added),
            names={f"#{name}": name for name in added},
            values={
                ":expires": int((mention.at + DAYS_KEPT).replace(hour=0, minute=0, second=0).timestamp()),
                **{f":{name}": number for name, number in added.items()},
            },
        )
