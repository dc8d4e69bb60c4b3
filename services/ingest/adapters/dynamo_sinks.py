"""Sinks in DynamoDB: `sink#<id>` describes one, `health#<id>` says how it is doing; and `asked#arrivals` what scoring
asks for besides."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime

from services.ingest.domain.asked import Asked
from services.ingest.domain.circuit import Health
from services.ingest.domain.sinks import Sink, read_document
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.clock import from_iso, to_iso

_MOMENTS = ("paused_until", "last_delivered_at", "last_failed_at")
_ASKED = "asked#arrivals"
_FIGURES = ("state", "delivered", "failed", "failures_in_a_row", "pauses", "last_error")


class DynamoSinks:
    """Ports `Sinks` and `AskedFor`, on a table with partition key `pk`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, sink_id: str) -> Sink | None:
        item = self._table.get({"pk": f"sink#{sink_id}"}, consistent=True)
        return _sink(item) if item else None

    def overview(self) -> tuple[dict[str, Sink], dict[str, Health]]:
        sinks, healths = {}, {}
        for item in self._table.scan():
            kind, _, sink_id = item["pk"].partition("#")
            if kind == "sink":
                sinks[sink_id] = _sink(item)
            elif kind == "health":
                healths[sink_id] = _health(item)
        return sinks, healths

    def asked(self) -> Asked:
        items = {item["pk"]: item for item in self._table.scan()}
        told = items.get(_ASKED, {}).get("names")
        return Asked.of(told, [_sink(item) for pk, item in items.items() if pk.startswith("sink#")])

    def ask(self, names: Collection[str], order: int) -> None:
        item = {"pk": _ASKED, "names": sorted(names), "order": order}
        # One that was overtaken changes nothing.
        with suppress(ConditionFailed):
            self._table.put(
                item,
                condition="attribute_not_exists(pk) OR #order <= :order",
                names={"#order": "order"},
                values={":order": order},
            )

    def put(self, sink: Sink) -> bool:
        item = {
            "pk": f"sink#{sink.sink_id}",
            "document": sink.document.model_dump_json(),
            "created_at": to_iso(sink.created_at),
            "salt": sink.salt,
            "previous_salt": sink.previous_salt,
            "previous_until": _text(sink.previous_until),
            "revision": sink.revision,
        }
        return self._replace(item, sink.revision - 1)

    def remove(self, sink_id: str) -> bool:
        try:
            self._table.delete({"pk": f"sink#{sink_id}"}, condition="attribute_exists(pk)")
        except ConditionFailed:
            return False
        return True

    def health(self, sink_id: str) -> tuple[Health, int]:
        item = self._table.get({"pk": f"health#{sink_id}"}, consistent=True)
        return (_health(item), item["revision"]) if item else (Health(), 0)

    def note(self, sink_id: str, health: Health, revision: int) -> bool:
        item = {
            "pk": f"health#{sink_id}",
            "revision": revision + 1,
            **{name: getattr(health, name) for name in _FIGURES},
            **{name: _text(getattr(health, name)) for name in _MOMENTS},
        }
        return self._replace(item, revision)

    def forget_health(self, sink_id: str) -> None:
        self._table.delete({"pk": f"health#{sink_id}"})

    def _replace(self, item: Item, revision: int) -> bool:
        try:
            if revision:
                self._table.put(item, condition="revision = :before", values={":before": revision})
            else:
                self._table.put(item, condition="attribute_not_exists(pk)")
        except ConditionFailed as refused:
            # A lost answer makes the SDK repeat the put, which then fails against itself.
            return refused.item == {name: value for name, value in item.items() if value is not None}
        return True


def _sink(item: Item) -> Sink:
    until = item.get("previous_until")
    return Sink(
        sink_id=item["pk"].partition("#")[2],
        document=read_document(json.loads(item["document"])),
        created_at=from_iso(item["created_at"]),
        salt=item["salt"],
        previous_salt=item["previous_salt"],
        previous_until=from_iso(until) if until else None,
        revision=item["revision"],
    )


def _health(item: Item) -> Health:
    return Health(
        state=item["state"],
        delivered=item["delivered"],
        failed=item["failed"],
        failures_in_a_row=item["failures_in_a_row"],
        pauses=item["pauses"],
        paused_until=_moment(item, "paused_until"),
        last_error=item["last_error"],
        last_delivered_at=_moment(item, "last_delivered_at"),
        last_failed_at=_moment(item, "last_failed_at"),
    )


def _moment(item: Item, name: str) -> datetime | None:
    return from_iso(item[name]) if item.get(name) else None


def _text(at: datetime | None) -> str | None:
    return to_iso(at) if at else None
