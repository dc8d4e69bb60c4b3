"""Publishes what writes of standings changed, and keeps the lists of who is where: the table's stream is the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.scoring.adapters.standing_items import from_item
from services.scoring.bootstrap import standings as bootstrap
from services.scoring.domain.definitions.hearing import is_watch
from services.scoring.domain.places import Place, Seat
from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import PlaceChange
from services.scoring.service import outbox
from services.shared.aws.records import Change, batch_failures, changes
from services.shared.freshness import SEGMENT, note_since
from services.shared.observability import service_logger

logger = service_logger("scoring")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Publish a stream batch; any failure raises, so that the batch is retried and nothing is skipped."""
    seen = [(change, from_item(change.new)) for change in changes(event) if change.new and _tells(change.new)]
    moved = [_place_change(change, standing) for change, standing in seen if standing.moved or standing.gone]
    bootstrap.place_book().record(moved)
    written = [standing for _, standing in seen]
    published = outbox.publish(written, bootstrap.publisher())
    note_since("scoring", SEGMENT, [standing.accepted_at for standing in written if standing.moved])
    logger.info(
        "standings published",
        records=len(event["Records"]),
        standings=len(written),
        facts=published,
        moved=len(moved),
    )
    return batch_failures([])


def _tells(item: dict[str, Any]) -> bool:
    return "changes" in item or "gone" in item


def _place_change(change: Change, standing: ProfileStanding) -> PlaceChange:
    before = from_item(change.old).places if change.old else {}
    return PlaceChange(standing.profile_id, _listed(before), _listed(standing.places), standing.at)


def _listed(places: Mapping[Seat, Place]) -> dict[Seat, Place]:
    """Nobody lists who is in a watch."""
    return {seat: place for seat, place in places.items() if not is_watch(seat[1])}
