"""Refusals as steps of a trace."""

from __future__ import annotations

from services.journeys.adapters.items import read_refusal
from services.journeys.domain.traces import Step
from services.shared.aws.dynamo import Table


class DynamoRefusals:
    """`ports.running.Refusals` on the runtime table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of_profile(self, profile_id: str, journey: str) -> list[Step]:
        items = self._table.query(
            "pk = :pk AND begins_with(sk, :refusal)",
            values={":pk": f"P#{profile_id}", ":refusal": f"R#{journey}"},
        )
        found = [read_refusal(item) for item in items]
        return [
            Step(one.at, profile_id, one.ref.partition("#")[2], "", "refused", one.reason)
            for one in found
            if one.journey == journey
        ]
