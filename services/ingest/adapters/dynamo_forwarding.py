"""What is kept between changes for sinks, in DynamoDB, under the profile it is about.

    pk profile#<id>    sk told#<sink>                        version and digest of the traits the sink watches
    pk profile#<id>    sk parked#<sink>#<delivery>#<row>     a row that waits for a paused sink
    pk profile#<id>    sk erased                             the person was erased; nothing may be kept again
    pk delivery#<id>   sk parked#<sink>#<delivery>#<row>     a row of opaque ids (merges, erasures)

Index `by_sink` (`parked_sink`, `parked_order`) lists what waits for a sink in order, deliveries together.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from services.ingest.domain.sinks import Delivery
from services.ingest.sinks.ports import Told
from services.shared.aws.dynamo import Item, Op, Table, TransactionRefused, transact

BY_SINK = "by_sink"
KEPT = timedelta(days=90)
"""How long a row waits for its sink at most, and a digest is of use."""

ERASED = timedelta(days=35)
"""How long late messages about an erased person may still be under way."""


class DynamoForwarding:
    """Port `Forwarding`, on a table with keys `pk` and `sk`, and time to live `expires_at`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def told(self, sinks: Iterable[str], profiles: Iterable[str]) -> Mapping[tuple[str, str], Told]:
        wanted = sorted(set(profiles))
        keys = [{"pk": _profile(profile), "sk": f"told#{sink}"} for sink in sinks for profile in wanted]
        return {
            (item["sk"].partition("#")[2], item["pk"].partition("#")[2]): Told(
                item["version"], item["digest"]
            )
            for item in self._table.get_many(keys, consistent=True)
        }

    def tell(self, sink_id: str, profile_id: str, told: Told) -> None:
        item = {
            "pk": _profile(profile_id),
            "sk": f"told#{sink_id}",
            "version": told.version,
            "digest": told.digest,
        }
        newer = "attribute_not_exists(pk) OR version < :version"
        put = self._table.put_op(item, condition=newer, values={":version": told.version})
        self._unless_erased(profile_id, put)

    def erased(self, profiles: Iterable[str]) -> set[str]:
        keys = [{"pk": _profile(profile), "sk": "erased"} for profile in sorted(set(profiles))]
        return {item["pk"].partition("#")[2] for item in self._table.get_many(keys, consistent=True)}

    def erase(self, profiles: Iterable[str], now: datetime) -> int:
        """The mark comes first: what is written after it is refused, what was written before it is found."""
        count = 0
        for profile in sorted(set(profiles)):
            pk = _profile(profile)
            self._table.put({"pk": pk, "sk": "erased", "expires_at": int((now + ERASED).timestamp())})
            for item in self._table.query("pk = :pk", values={":pk": pk}, consistent=True):
                if item["sk"] != "erased":
                    self._table.delete({"pk": pk, "sk": item["sk"]})
                    count += 1
        return count

    def park(self, delivery: Delivery, now: datetime) -> None:
        expires_at = int((now + KEPT).timestamp())
        for index, row in enumerate(delivery.rows):
            place = f"{delivery.delivery_id}#{index:04d}"
            profile = row.get("profile_id")
            item = {
                "pk": _profile(profile) if profile else f"delivery#{delivery.delivery_id}",
                "sk": f"parked#{delivery.sink_id}#{place}",
                "parked_sink": delivery.sink_id,
                "parked_order": f"{delivery.at}#{place}",
                "delivery_id": delivery.delivery_id,
                "fact": delivery.fact,
                "at": delivery.at,
                "of": len(delivery.rows),
                "row": zlib.compress(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()),
                "expires_at": expires_at,
            }
            put = self._table.put_op(item)
            self._unless_erased(profile, put) if profile else transact([put])

    def parked(self, sink_id: str, now: datetime) -> Iterator[Delivery]:
        """DynamoDB removes what has expired when it finds the time."""
        waiting = self._table.query("parked_sink = :sink", values={":sink": sink_id}, index=BY_SINK)
        items = (item for item in waiting if item["expires_at"] > now.timestamp())
        for _, group in groupby(items, key=lambda item: item["delivery_id"]):
            yield _delivery(list(group))

    def unpark(self, delivery: Delivery) -> None:
        """By its place in the index, which may show rows by now that it did not when the delivery was read: they stay.
        Rows of people erased meanwhile are gone already."""
        place = f"{delivery.at}#{delivery.parked_as or delivery.delivery_id}#"
        items = self._table.query(
            "parked_sink = :sink AND begins_with(parked_order, :place)",
            values={":sink": delivery.sink_id, ":place": place},
            index=BY_SINK,
        )
        for item in list(items):
            if _row(item) in delivery.rows:
                self._table.delete({"pk": item["pk"], "sk": item["sk"]})

    def _unless_erased(self, profile_id: str, put: Op) -> None:
        alive = self._table.check_op({"pk": _profile(profile_id), "sk": "erased"}, "attribute_not_exists(pk)")
        try:
            transact([put, alive])
        except TransactionRefused as refused:
            if not refused.failed_conditions():
                raise


def _profile(profile_id: str) -> str:
    return f"profile#{profile_id}"


def _delivery(items: list[Item]) -> Delivery:
    """Fewer rows than were parked with it: a crash while it was parked or let go, or an index that is behind."""
    first = items[0]
    whole = Delivery(
        sink_id=first["parked_sink"],
        delivery_id=first["delivery_id"],
        fact=first["fact"],
        at=first["at"],
        rows=tuple(map(_row, items)),
    )
    is_whole = len(items) == first.get("of", len(items))  # earlier code did not say
    return whole if is_whole else whole.part(item["sk"] for item in items)


def _row(item: Item) -> Any:
    return json.loads(zlib.decompress(item["row"]))
