"""Whether journeys are paused or stopped, as their states in the definitions table say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.journeys.domain.timing import Pause, paused
from services.journeys.planning_ports import Halt
from services.shared.aws.dynamo import Table
from services.shared.clock import from_iso


class DynamoHalts:
    """`planning_ports.Halts`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, journey: str, objective: str, now: datetime) -> Halt:
        names = (journey, "~all", f"~objective#{objective}")
        states = self._table.get_many([{"pk": name, "sk": "STATE"} for name in names], consistent=True)
        if any(state["pk"] == journey and state.get("status", "live") != "live" for state in states):
            return "stopped"
        pauses = [_pause(said) for state in states for said in state.get("pauses", [])]
        on = paused(pauses, now)
        return "paused" if on and on.policy == "hold" else ""


def _pause(said: dict[str, Any]) -> Pause:
    end = said.get("to")
    return Pause(from_iso(said["from"]), from_iso(end) if end else None, said["policy"])
