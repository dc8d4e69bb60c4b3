"""How a standing changes: by customer events, and by time alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.scoring.domain.definitions import Definitions
from services.scoring.domain.facts import Tally, fold
from services.scoring.domain.standing import Moved, ProfileStanding, Scored
from services.scoring.domain.trace import Step, trace
from services.shared.contracts.ingest import CustomerEvent, ProfileChange


def take_in(
    profile_id: str,
    standing: ProfileStanding | None,
    changes: Iterable[ProfileChange],
    definitions: Definitions,
    now: datetime,
) -> ProfileStanding | None:
    """The standing after those of `changes` that were not taken in before, or `None` when all were.

    Versions may come in any order; each counts once. Events may be older than others already counted.
    """
    before = standing or ProfileStanding(profile_id, 0, now)
    now = max(now, before.at)
    applied, traits, fresh = before.applied, before.traits, list[ProfileChange]()
    for change in changes:
        if change.version in applied:
            continue
        if change.version > applied.newest:
            traits = {name: change.traits[name] for name in sorted(definitions.traits & change.traits.keys())}
        applied = applied.add(change.version)
        fresh.append(change)
    if not fresh:
        return None
    events = sorted((e for change in fresh for e in change.events), key=lambda e: (e.at, e.message_id))
    tallies = _tallies(before.tally, events, definitions)
    if not tallies:
        at = max((e.at for e in events), default=max(change.at for change in fresh))
        tallies = [(at, before.tally)]
    after = replace(before, applied=applied, traits=traits, tally=tallies[-1][1])
    return _judge(before, after, [(min(at, now), tally) for at, tally in tallies], definitions, now)


def let_time_pass(
    standing: ProfileStanding, definitions: Definitions, now: datetime
) -> ProfileStanding | None:
    """The standing after what became due, due again at its next true flip; `None` when nothing is due yet."""
    if standing.due_at is None or standing.due_at > now:
        return None
    return _judge_anew(standing, definitions, now)


def catch_up(standing: ProfileStanding, definitions: Definitions, now: datetime) -> ProfileStanding | None:
    """The standing under new definitions, though nothing happened to the profile; `None` when it was judged by
    them. Moves are dated now."""
    if standing.definitions == definitions.version:
        return None
    return _judge_anew(standing, definitions, now)


def _judge_anew(standing: ProfileStanding, definitions: Definitions, now: datetime) -> ProfileStanding:
    now = max(now, standing.at)
    unarmed = replace(standing, due_at=None)
    return _judge(standing, unarmed, [(standing.at, standing.tally)], definitions, now)


def scores_of(tally: Tally, definitions: Definitions) -> dict[str, float]:
    """Every model's score."""
    return {model.name: model.score(tally.counts) for model in definitions.models}


def _tallies(
    tally: Tally, events: Sequence[CustomerEvent], definitions: Definitions
) -> list[tuple[datetime, Tally]]:
    """The tally after each event that changes it."""
    tallies = []
    for event in events:
        folded = fold(tally, event, definitions.counted)
        if folded is not tally:
            tally = folded
            tallies.append((event.at, tally))
    return tallies


def _judge(
    before: ProfileStanding,
    after: ProfileStanding,
    tallies: Sequence[tuple[datetime, Tally]],
    definitions: Definitions,
    now: datetime,
) -> ProfileStanding:
    """`after` with scores, segments, due time and outbox of a new version.

    A standing judged under older definitions is judged as of now: what a new definition makes of the past did
    not happen then.
    """
    if before.version and before.definitions != definitions.version:
        tallies = [(now, tallies[-1][1])]
    steps = [Step(at, tally.facts(), after.traits, scores_of(tally, definitions)) for at, tally in tallies]
    membership = trace(definitions.segments, before.segments, steps, now)
    entered = [Moved(name, at, True) for name, at in membership.since.items() if name not in before.segments]
    exited = [
        Moved(name, membership.left[name], False) for name in before.segments if name not in membership.since
    ]
    scores = steps[-1].scores
    return replace(
        after,
        version=before.version + 1,
        at=now,
        scores=scores,
        segments=membership.since,
        definitions=definitions.version,
        due_at=_rearmed(after.due_at, membership.due),
        scored=_scored(before, scores, facts_changed=steps[-1].facts != before.tally.facts()),
        moved=tuple(sorted([*entered, *exited], key=lambda move: (move.at, move.segment))),
    )


def _rearmed(indexed: datetime | None, due: datetime | None) -> datetime | None:
    """An index entry that is early stays (the sweep moves it on), so an order need not touch the index."""
    if indexed is None or (due is not None and due < indexed):
        return due
    return indexed


def _scored(
    before: ProfileStanding, scores: Mapping[str, float], *, facts_changed: bool
) -> tuple[Scored, ...]:
    """Models whose score changed, else one entry without a model if facts did or the profile is new."""
    changed = tuple(
        Scored(model, score, before.scores.get(model, 0))
        for model, score in scores.items()
        if score != before.scores.get(model, 0)
    )
    if changed or not (facts_changed or before.version == 0):
        return changed
    return (Scored("", 0, 0),)
