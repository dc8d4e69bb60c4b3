"""Brakes, guards and circuits in DynamoDB: beside the policy under `state`, so that one query reads all that holds for
every message. And the tickets of canaries, in the table of gates: `canary#<brake>` / `tickets`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from services.delivery.adapters.dynamo_pressure import POLICY, STATE, read_policy
from services.delivery.domain.pressure.pauses import CIRCUIT, Circuit, Pause, Shares
from services.delivery.ports.pressure import Stance
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.clock import from_iso, to_iso

RESTORED = {"pk": STATE, "sk": "restored"}

TAKEN_OF = 100
"""Of so many tickets of a canary a process takes one at once: fewer at once are more writes, more may be lost."""


class DynamoPauses:
    """`ports.Pauses`."""

    def __init__(self, table: Table, gates: Table) -> None:
        self._table = table
        self._gates = gates
        self._taking = threading.Lock()
        self._taken: dict[str, int] = {}

    def read(self) -> Stance:
        items = {i["sk"]: i for i in self._table.query("pk = :p", values={":p": STATE}, consistent=True)}
        policy = items.pop(POLICY["sk"], None)
        restored = items.pop(RESTORED["sk"], {})
        circuits = {n.partition("#")[2]: i for n, i in items.items() if n.startswith(f"{CIRCUIT}#")}
        return Stance(
            in_force=read_policy(policy) if policy else None,
            circuits={channel: read_circuit(item) for channel, item in circuits.items()},
            pauses={n: read_pause(i) for n, i in items.items() if not n.startswith(f"{CIRCUIT}#")},
            restored_at=restored.get("at", ""),
        )

    def put(self, pause: Pause, seen: Pause | None) -> bool:
        item = {"pk": STATE, "sk": pause.name, **_pause_item(pause)}
        condition = "#at = :at AND #state = :state" if seen else "attribute_not_exists(pk)"
        values = {":at": seen.at, ":state": seen.state} if seen else None
        names = {"#at": "at", "#state": "state"} if seen else None
        try:
            self._table.put(item, condition=condition, names=names, values=values)
        except ConditionFailed:
            return False
        return True

    def put_circuit(self, channel: str, circuit: Circuit, seen: Circuit | None) -> bool:
        key = {"pk": STATE, "sk": f"{CIRCUIT}#{channel}"}
        item = {**asdict(circuit), "until": to_iso(circuit.until)}
        try:
            self._table.put(
                {**key, **item},
                condition="#until = :seen" if seen else "attribute_not_exists(pk)",
                names={"#until": "until"} if seen else None,
                values={":seen": to_iso(seen.until)} if seen else None,
            )
        except ConditionFailed:
            return False
        return True

    def close_circuit(self, channel: str) -> None:
        self._table.delete({"pk": STATE, "sk": f"{CIRCUIT}#{channel}"})

    def put_restored(self, at: datetime) -> None:
        self._table.put({**RESTORED, "at": to_iso(at)})

    def ticket(self, name: str, most: int, at: datetime) -> bool:
        """Large canaries are taken by some tickets at once, for the next messages of this process. Those that it has
        no message for are lost, as are those whose message does not leave."""
        with self._taking:
            if self._taken.get(name):
                self._taken[name] -= 1
                return True
            for count in dict.fromkeys((max(1, most // TAKEN_OF), 1)):
                if self._take(name, count, most, at):
                    self._taken[name] = count - 1
                    return True
        return False

    def _take(self, name: str, count: int, most: int, at: datetime) -> bool:
        try:
            self._gates.update(
                {"pk": f"canary#{name}", "sk": "tickets"},
                "ADD n :count SET full_at = :at",
                condition="attribute_not_exists(n) OR n <= :room",
                values={":count": count, ":room": most - count, ":at": to_iso(at)},
            )
        except ConditionFailed:
            return False
        return True

    def full_since(self, name: str, most: int) -> datetime | None:
        item = self._gates.get({"pk": f"canary#{name}", "sk": "tickets"}, consistent=True)
        return from_iso(item["full_at"]) if item and item["n"] >= most else None


def read_circuit(item: Item) -> Circuit:
    """The circuit in an item."""
    return Circuit(item["reason"], item["since"], from_iso(item["until"]), int(item["failures"]))


def read_pause(item: Item) -> Pause:
    """The brake or guard in an item."""
    base = Shares(**{name: int(n) for name, n in item.get("base", {}).items()})
    return Pause(item["sk"], item["state"], item["at"], item.get("reason", ""), base)


def _pause_item(pause: Pause) -> Mapping[str, object]:
    return {"state": pause.state, "at": pause.at, "reason": pause.reason, "base": asdict(pause.base)}


class DynamoTallies:
    """`ports.Tallies`: the rows of reports, as far as brakes and guards go by them."""

    def __init__(self, reports: Table) -> None:
        self._reports = reports

    def by_journey(self) -> Mapping[tuple[str, str], Shares]:
        return self._sums("total")

    def of_day(self, day: str) -> Mapping[str, Shares]:
        sums: dict[str, Shares] = {}
        for (_, channel), shares in self._sums(f"day#{day}").items():
            sums[channel] = sums.get(channel, Shares()).plus(shares)
        return sums

    def _sums(self, partition: str) -> dict[tuple[str, str], Shares]:
        sums: dict[tuple[str, str], Shares] = {}
        for row in self._reports.query("pk = :p", values={":p": partition}):
            key = (str(row.get("journey", "")), str(row.get("channel", "")))
            shares = Shares(*(int(row.get(n, 0)) for n in ("sent", "bounced", "complained", "sent_inactive")))
            sums[key] = sums.get(key, Shares()).plus(shares)
        return sums
