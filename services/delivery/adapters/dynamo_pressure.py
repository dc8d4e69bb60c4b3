"""The pressure policy in DynamoDB: `state` / `policy` is the one in force with its calendar,
`policy` / `v<number>` each version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from services.delivery.domain.pressure.policy import Calendar, InForce, PressurePolicy
from services.shared.aws.dynamo import Item, Table, TransactionRefused, transact
from services.shared.clock import to_iso
from services.shared.errors import Conflict

STATE = "state"
POLICY = {"pk": STATE, "sk": "policy"}


class DynamoPolicies:
    """`ports.Policies`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def current(self) -> InForce | None:
        item = self._table.get(POLICY, consistent=True)
        return read_policy(item) if item else None

    def put(self, policy: PressurePolicy, calendar: Calendar, seen: int, at: datetime) -> None:
        stored = {
            "version": seen + 1,
            "document": policy.model_dump_json(by_alias=True),
            "calendar": _calendar_text(calendar),
            "at": to_iso(at),
        }
        ops = [
            self._table.put_op(
                {**POLICY, **stored},
                condition="version = :seen" if seen else "attribute_not_exists(pk)",
                values={":seen": seen} if seen else None,
            ),
            self._table.put_op(
                {"pk": "policy", "sk": f"v{seen + 1:06}", **stored}, condition="attribute_not_exists(pk)"
            ),
        ]
        try:
            transact(ops)
        except TransactionRefused as refused:
            raise Conflict("policy_changed", "the pressure policy was changed meanwhile") from refused

    def put_calendar(self, calendar: Calendar, seen: int) -> None:
        self._table.update(
            POLICY,
            "SET calendar = :calendar",
            condition="version = :seen",
            values={":calendar": _calendar_text(calendar), ":seen": seen},
        )


def read_policy(item: Item) -> InForce:
    """The policy in an item."""
    calendar: Mapping[str, Mapping[str, list[str]]] = json.loads(item["calendar"])
    return InForce(
        policy=PressurePolicy.model_validate(json.loads(item["document"])),
        version=int(item["version"]),
        calendar=Calendar(
            zones={country: tuple(zones) for country, zones in calendar["zones"].items()},
            holidays={country: frozenset(days) for country, days in calendar["holidays"].items()},
        ),
    )


def _calendar_text(calendar: Calendar) -> str:
    return json.dumps(
        {
            "zones": {country: list(zones) for country, zones in sorted(calendar.zones.items())},
            "holidays": {country: sorted(days) for country, days in sorted(calendar.holidays.items())},
        },
        separators=(",", ":"),
    )
