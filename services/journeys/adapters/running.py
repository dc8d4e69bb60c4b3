"""How journeys are run, in the definitions table: `sk` = `STATE` of a journey, of `~all`, and of each objective."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from services.journeys.adapters import revisions
from services.journeys.adapters.definitions import FRESH_SECONDS
from services.journeys.domain.operating import ALL, Migration, Running, objective_key, together
from services.journeys.domain.timing import Pause
from services.shared.aws.dynamo import Item, Table
from services.shared.clock import from_iso, to_iso

STATE = "STATE"


class DynamoRunning:
    """`ports.running.Runnings` on the definitions table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._recent: dict[str, tuple[float, Running]] = {}

    def get(self, name: str) -> Running:
        item = self._table.get(_key(name), consistent=True)
        return read_running(item) if item else Running()

    def of(self, journey: str, objective: str) -> Running:
        names = (journey, ALL, objective_key(objective))
        found = self._found(names)
        return together(*(found.get(name, Running()) for name in names))

    def recent(self, journey: str, objective: str) -> Running:
        found = self._recent.get(journey)
        if found is None or time.monotonic() >= found[0]:
            found = (time.monotonic() + FRESH_SECONDS, self.of(journey, objective))
            self._recent[journey] = found
        return found[1]

    def change(self, name: str, how: Callable[[Running], Running]) -> Running:
        return revisions.change(
            self._table,
            repr(name),
            lambda: self.get(name),
            lambda running: {**_key(name), **_item(running)},
            how,
        )

    def _found(self, names: Iterable[str]) -> dict[str, Running]:
        items = self._table.get_many([_key(name) for name in names], consistent=True)
        return {str(item["pk"]): read_running(item) for item in items}


def read_running(item: Item) -> Running:
    """How something is run, of a stored item."""
    return Running(
        pauses=tuple(_pause(one) for one in item["pauses"]),
        status=item["status"],
        migrations={int(left): Migration(**said) for left, said in json.loads(item["migrations"]).items()},
        retired=frozenset(item["retired"]),
        idle={int(version): from_iso(at) for version, at in item["idle"].items()},
        tellings=item["tellings"],
        revision=item["revision"],
    )


def _key(name: str) -> dict[str, str]:
    return {"pk": name, "sk": STATE}


def _item(running: Running) -> dict[str, Any]:
    migrations = {left: {"to": one.to, "nodes": dict(one.nodes)} for left, one in running.migrations.items()}
    return {
        "pauses": [
            {
                "from": to_iso(one.start),
                "to": to_iso(one.end) if one.end else None,
                "policy": one.policy,
            }
            for one in running.pauses
        ],
        "status": running.status,
        "migrations": json.dumps(migrations),
        "retired": sorted(running.retired),
        "idle": {str(version): to_iso(at) for version, at in running.idle.items()},
        "tellings": running.tellings,
        "revision": running.revision,
    }


def _pause(said: dict[str, Any]) -> Pause:
    end = said.get("to")
    return Pause(from_iso(said["from"]), from_iso(end) if end else None, said["policy"])
