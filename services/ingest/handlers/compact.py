"""Keeps the event lake: finished days into Parquet by schedule; amends, reads and counts it when it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from services.ingest.adapters.dynamo_erasures import read_others
from services.ingest.bootstrap import lake as bootstrap
from services.ingest.domain.figures.questions import read_question
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.lake import Amendment
from services.ingest.lake.ports import ManifestMoved
from services.shared.contracts.past import PastQuestion
from services.shared.observability import service_logger

logger = service_logger("ingest")

NEEDED_MS = 60_000
"""Time a part may take; with less of it left the next run goes on."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A schedule's event, or a question by whoever may invoke the function directly:

    - `{"amend": {"roll_back": "<beginning of receipts>"}}`: `{"lines": n}` when every day is done;
    - `{"count": question}` (see `figures.questions`): the figure is kept, `{"happenings": n}`;
    - `{"days": {"since": day}}`: `{"days": [...]}`, as ISO dates;
    - `{"forget": {"day", "profile_ids": [...], "mentions": [texts]}}`: `{"lines": n}`, how many that changed; of
      people who were parted from somebody also `parted`, `own`, `others` (see `Amendment`);
    - `{"read": {"days": [...], "profile_ids": [...], "after": place}}`: `{"lines": [...], "after": place}`; asked with
      that place there is more, "" is the start and the end;
    - `{"past": PastQuestion}`: a `PastAnswer`.

    To a question it answers `{"busy": true}` when a day was being changed; it may be asked again, as may all of them.

    Raises:
        ManifestMoved: (amendment and count, which Lambda repeats) a day was being compacted.
    """
    if "amend" in event:
        lines = bootstrap.lake_keeper().amend(Amendment(roll_back=event["amend"]["roll_back"]))
        logger.info("lake amended", extra={"lines": lines})
        return {"lines": lines}
    if "count" in event:
        happenings = bootstrap.figure_counter().count(read_question(event["count"]))
        logger.info("figure counted", extra={"kind": event["count"]["kind"], "happenings": happenings})
        return {"happenings": happenings}
    asked = next((name for name in _ANSWERS if name in event), None)
    if asked is not None:
        try:
            return _ANSWERS[asked](event[asked])
        except ManifestMoved:
            return {"busy": True}
    done = bootstrap.lake_keeper().compact(lambda: context.get_remaining_time_in_millis() > NEEDED_MS)
    logger.info("lake compacted", extra={"objects": done.objects, "rows": done.rows, "days_left": done.left})
    return {"objects": done.objects, "rows": done.rows, "left": done.left}


def _days(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {"days": [str(day) for day in bootstrap.lake_keeper().days() if str(day) >= wanted["since"]]}


def _forget(wanted: Mapping[str, Any]) -> dict[str, Any]:
    amendment = Amendment(
        forget=frozenset(wanted["profile_ids"]),
        mentions=frozenset(wanted["mentions"]),
        parted=frozenset(wanted.get("parted", ())),
        own=frozenset(Identifier(*row) for row in wanted.get("own", ())),
        others=read_others(wanted.get("others", ())),
    )
    lines = bootstrap.lake_keeper().amend(amendment, [date.fromisoformat(wanted["day"])])
    logger.info("day forgotten", extra={"day": wanted["day"], "lines": lines})
    return {"lines": lines}


def _read(wanted: Mapping[str, Any]) -> dict[str, Any]:
    days = [date.fromisoformat(day) for day in wanted["days"]]
    lines, after = bootstrap.lake_keeper().page(days, frozenset(wanted["profile_ids"]), wanted["after"])
    return {"lines": lines, "after": after}


def _past(wanted: Mapping[str, Any]) -> dict[str, Any]:
    answer = bootstrap.past().answer(PastQuestion.model_validate(wanted))
    logger.info("past told", extra={"lines": len(answer.lines)})
    return answer.model_dump(mode="json")


_ANSWERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "days": _days,
    "forget": _forget,
    "read": _read,
    "past": _past,
}
