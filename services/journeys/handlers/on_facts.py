"""Facts of ingest and scoring, from a queue: one reaction for the whole batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.journeys.bootstrap import walking as bootstrap
from services.shared.aws.records import batch_failures, envelope
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import AttributesChanged, ProfilesErased, ProfilesMerged
from services.shared.contracts.journeys import JourneyCalled
from services.shared.contracts.scoring import (
    EventHeard,
    ScoreChanged,
    SegmentEntered,
    SegmentExited,
    StageChanged,
    StrategyCellChanged,
    TraitsCarried,
    TriggerFired,
)
from services.shared.observability import service_logger

logger = service_logger("journeys")

_FACTS: dict[str, type[Fact]] = {
    fact.detail_type: fact
    for fact in (
        AttributesChanged,
        ProfilesMerged,
        ProfilesErased,
        EventHeard,
        JourneyCalled,
        ScoreChanged,
        SegmentEntered,
        SegmentExited,
        StageChanged,
        StrategyCellChanged,
        TraitsCarried,
        TriggerFired,
    )
}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """React to a batch; messages that can't be read or applied are handed back one by one."""
    facts: dict[str, Fact] = {}
    failed: list[str] = []
    for record in event["Records"]:
        try:
            facts[record["messageId"]] = _read(record)
        except ValueError:
            logger.exception("message unreadable", message_id=record["messageId"])
            failed.append(record["messageId"])
    failed += _react(facts)
    return batch_failures(failed)


def _read(record: Mapping[str, Any]) -> Fact:
    event = envelope(record)
    kind = _FACTS.get(event.detail_type)
    if kind is None:
        raise ValueError(f"no reaction to {event.detail_type}")
    return kind.model_validate(event.detail)


def _react(facts: Mapping[str, Fact]) -> list[str]:
    """React to all at once; when that fails, to each alone, so that one bad message does not hold up the others."""
    if not facts:
        return []
    try:
        reaction = bootstrap.reacting().react(list(facts.values()))
    except Exception:  # the boundary: whatever it was becomes a retry
        if len(facts) == 1:
            logger.exception("facts not applied", message_id=next(iter(facts)))
            return list(facts)
        return [failed for message_id, fact in facts.items() for failed in _react({message_id: fact})]
    logger.info(
        "facts applied",
        messages=len(facts),
        standings=reaction.standings,
        entered=reaction.entered,
        exited=reaction.exited,
        stale=reaction.stale,
        handed_over=reaction.handed_over,
    )
    return []
