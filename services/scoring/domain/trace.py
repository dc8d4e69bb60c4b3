"""Places through time: when verdicts flipped, not when that was noticed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.scoring.domain.places import Held, Judged, Place, Seat
from services.shared.clock import to_iso
from services.shared.conditions import View

_SECTIONS: Mapping[str, str] = {"fit-model": "fits", "strategy": "cells"}
"""Where in a view the place of a person is found, who has one at most."""


@dataclass(frozen=True)
class Step:
    """From `at` on this is what is known of a person, in the sections that conditions see."""

    at: datetime
    known: Mapping[str, Any]


@dataclass(frozen=True)
class Traced:
    """Where a person is, when places that are no more were left, and when time alone changes any of it next."""

    places: dict[Seat, Place]
    left: dict[Seat, datetime]
    due: datetime | None


def trace(
    judged: Sequence[Judged],
    places: Mapping[Seat, Place],
    steps: Sequence[Step],
    now: datetime,
    waiting: Collection[tuple[str, str]] = (),
) -> Traced:
    """Follow `places` through `steps` (ascending, none after `now`) and all flips up to `now`.

    `judged` come in an order in which each follows those it refers to; those `waiting` (kind and name) can't be judged
    yet and leave people where they are.
    """
    current, left = dict(places), dict[Seat, datetime]()
    due: datetime | None = None
    for i, step in enumerate(steps):
        end = steps[i + 1].at if i + 1 < len(steps) else None
        at: datetime | None = step.at
        while at is not None and (at <= now if end is None else at < end or at == step.at):
            current, at = _settle(judged, current, left, step, at, waiting)
            due = at
    return Traced(current, left, due)


def view_of(step: Step) -> dict[str, Any]:
    """What conditions see of a step before anything is judged."""
    return {**step.known, **empty_places()}


def empty_places() -> dict[str, Any]:
    """The sections of a view that `show` fills."""
    return {"segments": set(), "stages": {}, "fits": {}, "cells": {}}


def show(view: View, one: Judged, held: Held) -> None:
    """Let those judged later see where `one` puts the person."""
    if held and one.kind == "segment":
        view["segments"].add(one.name)
    elif held and one.kind in _SECTIONS:
        view[_SECTIONS[one.kind]][one.name] = held[""].value
    elif one.kind == "stage":
        view["stages"][one.name] = {
            subject: {"stage": place.value, "since": to_iso(place.since)} for subject, place in held.items()
        }


def _settle(
    judged: Sequence[Judged],
    places: Mapping[Seat, Place],
    left: dict[Seat, datetime],
    step: Step,
    at: datetime,
    waiting: Collection[tuple[str, str]],
) -> tuple[dict[Seat, Place], datetime | None]:
    """The places at `at`, and the next flip of all; `left` learns what was let go."""
    view = view_of(step)
    held: dict[tuple[str, str], dict[str, Place]] = {}
    for (kind, name, subject), place in places.items():
        held.setdefault((kind, name), {})[subject] = place
    after: dict[Seat, Place] = {}
    settled: list[tuple[Judged, Held]] = []
    for one in judged:
        key = (one.kind, one.name)
        now_held: Held = held.get(key, {})
        if key not in waiting:
            now_held = one.settle(view, now_held, at)
            settled.append((one, now_held))
        show(view, one, now_held)
        after |= {(*key, subject): place for subject, place in now_held.items()}
    left |= {seat: at for seat in places if seat not in after}
    flips = [one.next_flip(view, now_held, at) for one, now_held in settled]
    return after, min((flip for flip in flips if flip is not None), default=None)
