"""What is known of a person on a walk, as conditions, dates and updates look at it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from services.journeys.domain.document import Document
from services.journeys.domain.listening import TIME_ZONE
from services.journeys.domain.moves import Seen, Walker
from services.journeys.domain.nodes import WaitUntil
from services.journeys.domain.parts import WALK


def view_of(walker: Walker, seen: Seen) -> dict[str, Any]:
    """The view of a localised condition: the standing, with the walk's own facts among its facts."""
    facts = {f"{WALK}{name}": value for name, value in walker.kept.items()}
    standing = seen.standing
    if standing is None:
        return {"profile_id": walker.profile_id, "facts": facts, "traits": seen.traits}
    stages = {
        lifecycle: {product: {"stage": stage} for product, stage in by_product.items()}
        for lifecycle, by_product in standing.stages.items()
    }
    return {
        "profile_id": walker.profile_id,
        "facts": {**standing.facts, **facts},
        "traits": seen.traits,
        "scores": standing.scores,
        "segments": standing.segments,
        "stages": stages,
        "fits": standing.fits,
        "cells": standing.cells,
    }


def known(reference: str, walker: Walker, seen: Seen) -> Any:
    """The value of `trait:<name>`, `fact:<name>` or `fact:walk.<name>`; `None`: it is not known."""
    kind, _, name = reference.partition(":")
    if kind == "trait":
        return seen.traits.get(name)
    if name.startswith(WALK):
        return walker.kept.get(name.removeprefix(WALK))
    return seen.standing.facts.get(name) if seen.standing else None


def zone_of(document: Document, node: WaitUntil, seen: Seen) -> ZoneInfo:
    """Where a wait's local times are: as it says, else where the person is, else the journey's zone."""
    named = seen.traits.get(TIME_ZONE) if node.zone == "person" else node.zone
    try:
        return ZoneInfo(named or document.zone) if isinstance(named, str) else ZoneInfo(document.zone)
    except (KeyError, ValueError, OSError):
        return ZoneInfo(document.zone)
