"""How a standing changes: by customer events, by time alone, and by new definitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from services.scoring.domain.applied import AppliedVersions
from services.scoring.domain.carrying import carried
from services.scoring.domain.definitions import Definitions, MarginTable
from services.scoring.domain.firing import firings
from services.scoring.domain.leaving import overheard
from services.scoring.domain.listening import heard
from services.scoring.domain.memory import Memory
from services.scoring.domain.permissions import Reached, kept, links
from services.scoring.domain.places import Place, Seat
from services.scoring.domain.seeing import known, numbers
from services.scoring.domain.standing import Gone, Moved, ProfileStanding
from services.scoring.domain.telling import moved, scored, shows_watch
from services.scoring.domain.trace import Step, trace
from services.scoring.domain.watching import AsOf, held_already
from services.shared.contracts.ingest import CustomerEvent, ProfileChange


def take_in(
    profile_id: str,
    standing: ProfileStanding | None,
    changes: Iterable[ProfileChange],
    definitions: Definitions,
    now: datetime,
    reached: Reached | None = None,
) -> ProfileStanding | None:
    """The standing after those of `changes` that were not taken in before, or `None` when all were.

    Versions may come in any order; each counts once. Events may be older than others already counted. Where the
    profile's history is told anew, all before that is forgotten. `reached` is where the newest of `changes` has the
    person; `None`: where they were.
    """
    before = standing or ProfileStanding(profile_id, 0, now)
    now = max(now, before.at)
    changes = list(changes)
    told = [change for change in changes if not before.gone or _gives_back(before, before.gone, change)]
    if before.gone and not told:
        return overheard(before, changes, definitions.hearing)
    start = _start_over(before, told)
    news = _news(start, told)
    if not news.fresh:
        return None
    events = sorted((e for change in news.fresh for e in change.events), key=lambda e: (e.at, e.message_id))
    memories = _memories(start.memory, events, definitions) or [(_latest(events, news.fresh), start.memory)]
    after = replace(
        start,
        applied=news.applied,
        traits=start.traits if news.newest is None else needed(news.newest.traits, definitions),
        memory=memories[-1][1],
        # Who begins has nothing to catch up with.
        remembered=before.remembered if start is before and before.version else definitions.version,
        accepted_at=min((c.accepted_at for c in news.fresh if c.accepted_at), default=None),
    )
    if reached and news.newest:
        after = moved_to(after, reached, definitions)
    own = _own(events, news.fresh)
    fired = firings(own, start.memory, memories, after.traits, definitions, now) if start is before else ()
    # What comes late counts at its own time, but is judged from when it could be: memory forgets what is over.
    earliest = before.at if before.version and start is before else min(at for at, _ in memories)
    steps = [(min(max(at, earliest), now), memory) for at, memory in memories]
    judged = _judge(before, after, steps, definitions, now)
    return replace(judged, fired=tuple(fired), heard=tuple(heard(own, definitions.hearing)))


class _News(NamedTuple):
    """Changes that were not taken in before, the versions that are with them, and the newest of all if it is new."""

    fresh: Sequence[ProfileChange]
    applied: AppliedVersions
    newest: ProfileChange | None


def _news(start: ProfileStanding, told: Iterable[ProfileChange]) -> _News:
    applied, fresh, newest = start.applied, list[ProfileChange](), None
    for change in told:
        if change.version in applied:
            continue
        if change.version > applied.newest:
            newest = change
        applied = applied.add(change.version)
        fresh.append(change)
    return _News(fresh, applied, newest)


def _latest(events: Sequence[CustomerEvent], fresh: Sequence[ProfileChange]) -> datetime:
    return max((e.at for e in events), default=max(change.at for change in fresh))


def _own(events: Iterable[CustomerEvent], fresh: Iterable[ProfileChange]) -> list[CustomerEvent]:
    """Those of `events` that nobody was told of before."""
    new = {event.message_id for change in fresh if not change.told_before for event in change.events}
    return [event for event in events if event.message_id in new]


def moved_to(standing: ProfileStanding, reached: Reached, definitions: Definitions) -> ProfileStanding:
    """The standing of somebody who is reached there, not judged yet."""
    consents = reached.consents(definitions.needs.consents)
    return replace(standing, addresses=dict(reached.addresses), consents=consents, linked=reached.links)


def let_time_pass(
    standing: ProfileStanding, definitions: Definitions, now: datetime
) -> ProfileStanding | None:
    """The standing after what became due, due again at its next true flip; `None` when nothing is due yet."""
    if standing.due_at is None or standing.due_at > now:
        return None
    return judge_anew(standing, definitions, now)


def needed(traits: Mapping[str, Any], definitions: Definitions) -> dict[str, Any]:
    """Those that a definition looks at."""
    return {name: traits[name] for name in sorted(definitions.needs.traits & traits.keys())}


def put_in_place(
    standing: ProfileStanding, seat: Seat, place: Place, definitions: Definitions, now: datetime
) -> ProfileStanding:
    """The standing after somebody put the person in a place; definitions go on from there."""
    there = replace(standing, places={**standing.places, seat: place})
    after = judge_anew(there, definitions, now)
    before = standing.places.get(seat)
    return replace(
        after, moved=(Moved(seat, before.value if before else None, place.value, now), *after.moved)
    )


def _gives_back(before: ProfileStanding, gone: Gone, change: ProfileChange) -> bool:
    """Does a change come from an un-merge after the merge, and is it not just late?"""
    return not gone.erased and change.since > before.since and change.at > gone.at


def _start_over(before: ProfileStanding, changes: Sequence[ProfileChange]) -> ProfileStanding:
    newest = max(changes, key=lambda change: (change.since, change.at), default=None)
    if newest is None or newest.since <= before.since:
        return before
    return replace(
        before,
        applied=AppliedVersions.before(newest.since),
        memory=Memory(),
        since=newest.since,
        since_at=newest.at,
        gone=None,
    )


def judge_anew(
    standing: ProfileStanding,
    definitions: Definitions,
    now: datetime,
    after: ProfileStanding | None = None,
    held: Mapping[Seat, Place] | None = None,
    at: datetime | None = None,
    as_of: AsOf | None = None,
) -> ProfileStanding:
    """A new version of the standing, or of what it is to be `after` (since `at`), due again at its next true flip.
    `held` are the places to go on from, where somebody made them other than those before; `as_of` is the past, of
    somebody who remembers anew."""
    unarmed = replace(after or standing, due_at=None, accepted_at=None)
    now = max(now, standing.at)
    memories = [(at or standing.at, unarmed.memory)]
    return _judge(standing, unarmed, memories, definitions, now, held, as_of)


def still_held(standing: ProfileStanding, definitions: Definitions) -> dict[Seat, Place]:
    """Without places on a list that was let go since: a new one of the same name is another list."""
    return {
        seat: place
        for seat, place in standing.places.items()
        if definitions.lists.get(seat[:2], 0) <= standing.definitions
    }


def _memories(
    memory: Memory, events: Sequence[CustomerEvent], definitions: Definitions
) -> list[tuple[datetime, Memory]]:
    """The memory after each event that changes it."""
    memories = []
    for event in events:
        after = memory.with_event(event, definitions.needs)
        if after is not memory:
            memory = after
            memories.append((event.at, memory))
    return memories


def _judge(
    before: ProfileStanding,
    after: ProfileStanding,
    memories: Sequence[tuple[datetime, Memory]],
    definitions: Definitions,
    now: datetime,
    held: Mapping[Seat, Place] | None = None,
    as_of: AsOf | None = None,
) -> ProfileStanding:
    """`after` with scores, places, due time and outbox of a new version.

    A standing judged under older definitions is judged as of now: what a new definition makes of the past did
    not happen then.
    """
    if before.version and before.definitions != definitions.version:
        memories = [(now, memories[-1][1])]
    steps = _steps(before, after, memories, definitions)
    waiting = definitions.waiting(after.remembered)
    held = still_held(before, definitions) if held is None else held
    traced = trace(definitions.judged, held, steps, now, waiting)
    last = steps[-1].known
    needs = definitions.needs
    addresses = {channel: key for channel, key in after.addresses.items() if channel in needs.channels}
    scores = numbers(last["scores"], now)
    moves = moved(before, traced, definitions, now, held_already(before, definitions, as_of))
    unsure = {name for kind, name in waiting if kind == MarginTable.kind}
    facts = {name: value for name, value in last["facts"].items() if name not in unsure}
    return replace(
        after,
        version=before.version + 1,
        at=now,
        memory=memories[-1][1].pruned(needs, now),
        scores=scores,
        worth={table.name: facts[table.name] for table in definitions.margin_tables if table.name in facts},
        fired=(),
        heard=(),
        carried=carried(before, after.traits, definitions),
        places=traced.places,
        definitions=definitions.version,
        addresses=addresses,
        consents=kept(after.consents, needs.consents),
        linked=links(before.addresses, addresses, after.linked),
        due_at=_rearmed(after.due_at, traced.due),
        scored=scored(before, scores, facts_changed=facts != before.facts or shows_watch(moves)),
        moved=moves,
    )


def _steps(
    before: ProfileStanding,
    after: ProfileStanding,
    memories: Sequence[tuple[datetime, Memory]],
    definitions: Definitions,
) -> list[Step]:
    """What was known when."""
    steps = [Step(at, known(after, memory, definitions)) for at, memory in memories]
    judged_now = before.version and before.definitions != definitions.version
    if not judged_now and before.due_at and before.due_at < memories[0][0]:
        # What time alone brought about before these events happened, though nobody looked.
        return [Step(before.at, known(before, before.memory, definitions)), *steps]
    return steps


def _rearmed(indexed: datetime | None, due: datetime | None) -> datetime | None:
    """An index entry that is early stays (the sweep moves it on), so an order need not touch the index."""
    if indexed is None or (due is not None and due < indexed):
        return due
    return indexed
