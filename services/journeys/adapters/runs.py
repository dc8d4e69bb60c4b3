"""Runs in the plans table.

SEEN                          <journey>               up to when its moments have been looked at
LIVE                          <journey>#<run id>      a run that has not ended
RUN#<journey>                 <run id>                a run
PORTION#<journey>#<run id>    <phase>#<part>          how far a part of a phase is; for a year
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from services.journeys.domain.campaign import read_campaign
from services.journeys.domain.runs import ENDED, Portion, Run
from services.shared.aws.dynamo import ConditionFailed, Item, Op, Table, TransactionRefused, transact
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.audience import PARTS

KEPT = timedelta(days=400)


class DynamoRuns:
    """`ports.planning.Runs`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def seen_until(self, journey: str) -> datetime | None:
        item = self._table.get({"pk": "SEEN", "sk": journey}, consistent=True)
        return from_iso(item["until"]) if item else None

    def see_until(self, journey: str, at: datetime) -> None:
        item = {"pk": "SEEN", "sk": journey, "until": to_iso(at)}
        try:
            self._table.put(
                item,
                condition="attribute_not_exists(pk) OR #until < :until",
                names={"#until": "until"},
                values={":until": to_iso(at)},
            )
        except ConditionFailed:
            return  # another sweep was faster

    def open(self, run: Run) -> bool:
        begun = self._table.put_op(_run_item(run), condition="attribute_not_exists(pk)")
        return self._both([begun, self._table.put_op(_live_key(run))])

    def get(self, journey: str, run_id: str) -> Run | None:
        item = self._table.get({"pk": f"RUN#{journey}", "sk": run_id}, consistent=True)
        return _run(item) if item else None

    def live(self) -> list[Run]:
        names = self._table.query("pk = :pk", values={":pk": "LIVE"}, consistent=True)
        keys = [
            {"pk": f"RUN#{journey}", "sk": run_id}
            for journey, run_id in (str(one["sk"]).split("#", 1) for one in names)
        ]
        return [_run(item) for item in self._table.get_many(keys, consistent=True)]

    def of(self, journey: str, limit: int) -> list[Run]:
        items = self._table.query("pk = :pk", values={":pk": f"RUN#{journey}"}, consistent=True)
        return sorted(map(_run, items), key=lambda run: run.at, reverse=True)[:limit]

    def change(self, old: Run, new: Run) -> bool:
        op = self._table.put_op(
            _run_item(new),
            condition="#state = :old",
            names={"#state": "state"},
            values={":old": old.state},
        )
        return self._both([op, *([self._table.delete_op(_live_key(new))] if new.state in ENDED else [])])

    def portions(self, run: Run) -> list[Portion]:
        begun = {one.number: one for one in self._portions(run, f"{run.state}#")}
        return [begun.get(number, Portion(number)) for number in range(PARTS)]

    def taken(self, run: Run) -> list[Portion]:
        return list(self._portions(run, ""))

    def advance(self, run: Run, portion: Portion) -> bool:
        try:
            self._table.put(
                _portion_item(run, portion),
                condition="attribute_not_exists(pk) OR revision = :before",
                values={":before": portion.revision - 1},
            )
        except ConditionFailed:
            return False
        return True

    def _portions(self, run: Run, phase: str) -> Iterable[Portion]:
        condition, values = "pk = :pk", {":pk": f"PORTION#{run.journey}#{run.run_id}"}
        if phase:
            condition, values = f"{condition} AND begins_with(sk, :phase)", {**values, ":phase": phase}
        return map(_portion, self._table.query(condition, values=values, consistent=True))

    def _both(self, ops: list[Op]) -> bool:
        try:
            transact(ops)
        except TransactionRefused as refused:
            if refused.failed_conditions():
                return False
            raise
        return True


def _live_key(run: Run) -> dict[str, str]:
    return {"pk": "LIVE", "sk": f"{run.journey}#{run.run_id}"}


def _run_item(run: Run) -> Item:
    moments = {"until": run.until, "ended_at": run.ended_at}
    locals_ = {"local": run.local, "turns_from": run.turns_from}
    return {
        "pk": f"RUN#{run.journey}",
        "sk": run.run_id,
        "version": run.version,
        "segment": run.segment,
        "at": to_iso(run.at),
        "state": run.state,
        "kept": json.dumps(dict(run.kept)),
        **({"campaign": json.dumps(dict(run.raw))} if run.campaign else {}),
        **{name: to_iso(at) for name, at in moments.items() if at},
        **{name: at.isoformat() for name, at in locals_.items() if at},
    }


def _run(item: Item) -> Run:
    raw = json.loads(item["campaign"]) if "campaign" in item else {}
    return Run(
        journey=str(item["pk"]).removeprefix("RUN#"),
        run_id=item["sk"],
        version=item["version"],
        segment=item["segment"],
        at=from_iso(item["at"]),
        state=item["state"],
        kept=json.loads(item["kept"]),
        local=_local(item.get("local")),
        campaign=read_campaign(raw) if raw else None,
        raw=raw,
        until=from_iso(item["until"]) if "until" in item else None,
        turns_from=_local(item.get("turns_from")),
        ended_at=from_iso(item["ended_at"]) if "ended_at" in item else None,
    )


def _local(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _portion_item(run: Run, portion: Portion) -> dict[str, Any]:
    return {
        "pk": f"PORTION#{run.journey}#{run.run_id}",
        "sk": f"{run.state}#{portion.number}",
        "after": portion.after,
        "pending": list(portion.pending),
        "following": portion.following,
        "finished": portion.finished,
        "taken": portion.taken,
        "entered": portion.entered,
        "skipped": portion.skipped,
        "touched": to_iso(portion.touched) if portion.touched else "",
        "revision": portion.revision,
        "expires_at": int((run.at + KEPT).timestamp()),
    }


def _portion(item: Item) -> Portion:
    return Portion(
        number=int(str(item["sk"]).rpartition("#")[2]),
        after=item["after"],
        pending=tuple(item["pending"]),
        following=item["following"],
        finished=item["finished"],
        taken=item["taken"],
        entered=item["entered"],
        skipped=item["skipped"],
        touched=from_iso(item["touched"]) if item["touched"] else None,
        revision=item["revision"],
    )
