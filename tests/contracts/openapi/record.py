"""The whole tour, and what is kept of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.contracts.openapi import (
    tour_channels,
    tour_console,
    tour_ingest,
    tour_journeys,
    tour_outward,
    tour_planning,
    tour_scoring,
)
from tests.contracts.openapi.documents import SERVICES
from tests.contracts.openapi.operations import JSON
from tests.contracts.openapi.tour import Tour, Visit
from tests.support.road import Road

LARGEST = 4_000
"""Characters of an answer that is worth reading as an example."""


def everywhere(road: Road) -> list[Visit]:
    """All visits of a tour of every route."""
    tour = Tour(road)
    tour_ingest.sources_and_attributes(tour)
    tour_outward.permissions(tour)
    tour_scoring.definitions(tour)
    tour_outward.templates(tour)
    tour_outward.pressure(tour)
    tour_journeys.documents(tour)
    tour_planning.plans(tour)
    tour_planning.campaigns(tour)
    tour_ingest.doors(tour)
    tour_ingest.firms(tour)
    tour_ingest.forms_imports_and_sinks(tour)
    road.deliver()
    tour_outward.pages(tour)
    tour_scoring.people_and_forums(tour)
    tour_scoring.loyalty(tour)
    tour_outward.what_was_sent(tour)
    tour_channels.channels(tour)
    tour_console.files(tour)
    tour_journeys.simulations(tour)
    tour_planning.calls(tour)
    tour_journeys.running(tour)
    tour_ingest.people(tour)
    tour_scoring.letting_go(tour)
    tour_ingest.forgetting(tour)
    return tour.visits


def recording(visits: list[Visit], before: Mapping[str, Any]) -> dict[str, Any]:
    """Requests and answers by service and route key, the first of each status; what stood `before` stays where it has
    the same form, so that a new tour changes no ids and times."""
    found: dict[str, dict[str, Any]] = {service: {} for service in SERVICES}
    for visit in visits:
        one = found[visit.service].setdefault(visit.key, {"responses": {}})
        if visit.taken_type and visit.status < 400:
            one.setdefault("request", {"type": visit.taken_type, "body": visit.taken})
        if visit.answer_type == JSON and len(json.dumps(visit.answer)) <= LARGEST:
            one["responses"].setdefault(str(visit.status), visit.answer)
    return {
        service: {
            key: stood if form_of(stood := before.get(service, {}).get(key)) == form_of(one) else one
            for key, one in rows.items()
        }
        for service, rows in found.items()
    }


def form_of(value: Any) -> Any:
    """What stays of a JSON value from tour to tour: keys (but profiles' ids), lengths and kinds of values."""
    if isinstance(value, dict):
        return sorted(
            (re.sub(r"^prf_[0-9a-f]+$", "prf_", key), repr(form_of(one))) for key, one in value.items()
        )
    if isinstance(value, list):
        return sorted(repr(form_of(one)) for one in value)
    return type(value).__name__
