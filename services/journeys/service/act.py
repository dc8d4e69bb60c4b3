"""What a node does to a page of a cohort's members: decisions taken one by one, written group by group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.journeys.domain.acting import act
from services.journeys.domain.document import Document
from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.moves import (
    AskUpdate,
    Away,
    Inline,
    Memory,
    Move,
    Out,
    Seen,
    had_in_all,
    request_name,
)
from services.journeys.domain.nodes import (
    Branch,
    Jump,
    Rotation,
    Split,
    Survey,
    Update,
    Wait,
    WaitFor,
    WaitUntil,
)
from services.journeys.domain.signals import segment_left
from services.journeys.domain.states import Place, asked_already, cuts, left_for, length_of
from services.journeys.ports.definitions import Definition
from services.journeys.ports.walks import Request
from services.journeys.service.contest import Contesting
from services.journeys.service.join import Joining
from services.journeys.service.stores import Stores
from services.shared.contracts.base import Instant, Model

Decided = tuple[Enrolment, Move]


class StepInput(Model):
    """What the state machine asks: act at `node` on the members behind `cursor`; the action is due at `due`, after
    a wait that began at `since` (machines older than pauses do not say). `over`: the wait at the node is over."""

    cohort: str
    journey: str
    version: int
    node: str
    over: bool = False
    cursor: str | None = None
    due: Instant
    since: Instant | None = None


class Acting:
    """Acts on pages. Again is the same: whoever was acted on is not there any more, or carries the mark of it."""

    def __init__(self, stores: Stores, joining: Joining, contesting: Contesting) -> None:
        self._stores = stores
        self._joining = joining
        self._contesting = contesting

    def act(
        self, definition: Definition, step: StepInput, refs: Sequence[str], *, muted: bool = False
    ) -> int:
        """Act on those of a page who are here; on how many it acted. `muted`: nobody is met.

        Raises:
            NoRoom: people could not regroup; Step Functions repeats the step.
        """
        node = definition.document.nodes[step.node]
        exact = isinstance(node, WaitFor | Survey | WaitUntil | Split | Rotation | Jump)
        members = self._stores.walks.members(refs, step.journey, step.cohort, exact=exact)
        here = self._without_departed(definition, members)
        if isinstance(node, WaitUntil):
            self._make_up_for(definition, step, refs)
        seen = self._with_winner(definition, step, here, self._seen(definition.document, step.node, here))
        decided = list(self._decided(definition.document, step, here, seen))
        if muted:
            decided = [(walk, _silent(move)) for walk, move in decided]
        return self._apply(definition, step, decided)

    def _decided(
        self, document: Document, step: StepInput, here: Iterable[Enrolment], seen: Mapping[str, Seen]
    ) -> Iterator[Decided]:
        """What each of them does. One after the other: what somebody gets from a rotation about one matter, they
        have had when the next one is decided."""
        latest = dict(seen)
        for walk in here:
            move = self._decide(document, step, walk, latest)
            yield walk, move
            known = latest.get(walk.profile_id)
            if known and move.memory:
                latest[walk.profile_id] = replace(known, had=had_in_all((Memory(had=known.had), move.memory)))

    def _decide(self, document: Document, step: StepInput, walk: Enrolment, seen: Mapping[str, Seen]) -> Move:
        if not step.over and step.node in cuts(document):
            move = self._cut(document, step, walk, seen)
        else:
            known = seen.get(walk.profile_id, Seen())
            since = step.since if step.over else None
            person, now = walk.walker(since), self._stores.clock.now()
            move = act(document, step.node, person, known, step.due, over=step.over, now=now)
        if move.ask is None or not walk.asked_at(request_name(step.node, walk.memory)):
            return move
        return asked_already(document, step.node, move)

    def _cut(self, document: Document, step: StepInput, walk: Enrolment, seen: Mapping[str, Seen]) -> Move:
        """Whoever would stand here with the others does so in another execution."""
        node = document.nodes[step.node]
        move = Move()
        if not isinstance(node, Wait):
            known = seen.get(walk.profile_id, Seen())
            move = act(document, step.node, walk.walker(), known, step.due)
        if isinstance(move.to, Inline):
            return replace(move, to=Away(step.node, step.due + length_of(node), over=True))
        return move

    def _apply(self, definition: Definition, step: StepInput, decided: Sequence[Decided]) -> int:
        """Asking comes before leaving: whoever has left is not seen again by a step that is repeated."""
        now = self._stores.clock.now()
        requests = [self._request(step, walk, move) for walk, move in decided if move.ask]
        acted = self._stores.walks.request([one for one in requests if one], now)
        ends = [(w, m.to, m.memory) for w, m in decided if isinstance(m.to, Out) and not m.ask]
        acted += self._stores.walks.end(ends, now)
        self._stores.walks.remember(
            (w, m.memory) for w, m in decided if m.memory and not m.ask and isinstance(m.to, Inline)
        )
        groups: dict[Away, dict[str, Memory | None]] = defaultdict(dict)
        for walk, move in decided:
            if isinstance(move.to, Away):
                groups[move.to][walk.ref] = move.memory
        for away, members in groups.items():
            self._send_on(definition, step, away, members)
            acted += len(members)
        return acted

    def _request(self, step: StepInput, walk: Enrolment, move: Move) -> Request | None:
        if move.ask is None:
            return None
        out = move.to if isinstance(move.to, Out) else None
        return Request(walk, request_name(step.node, walk.memory), move.ask, move.memory, out)

    def _send_on(
        self, definition: Definition, step: StepInput, away: Away, members: Mapping[str, Memory | None]
    ) -> None:
        place = Place(away.node, away.over)
        if away.due > step.due:
            since = (
                step.due if away.node == step.node and step.node in cuts(definition.document) else away.due
            )
            self._joining.ahead(definition, step.cohort, place, since, away.due, members)
        else:
            self._joining.onward(definition, step.cohort, place, step.due, members)

    def start_regrouped(self, definition: Definition, step: StepInput) -> None:
        """Start those who left at once. Only now, with everybody on board: such a cohort closes as soon as it runs."""
        for place in left_for(definition.document, step.node):
            self._joining.start_onward(definition, step.cohort, place, step.due)

    def _make_up_for(self, definition: Definition, step: StepInput, refs: Sequence[str]) -> None:
        """See to those whom an earlier try of this step sent on: it may have died before their cohorts were
        started, or sent them too late."""
        by_cohort: dict[str, list[Enrolment]] = defaultdict(list)
        for walk in self._stores.walks.find(refs, definition.journey).values():
            if walk.active and walk.cohort != step.cohort and walk.node == step.node:
                by_cohort[walk.cohort].append(walk)
        for together in by_cohort.values():
            self._joining.make_up_for(together)

    def _seen(self, document: Document, node_id: str, walks: Iterable[Enrolment]) -> dict[str, Seen]:
        """What the decisions of a node look at: nothing that is not needed is read."""
        node = document.nodes[node_id]
        if isinstance(node, Rotation) and document.entry.keyed:
            return {p: Seen(had=self._had(document.name, p)) for p in {walk.profile_id for walk in walks}}
        to_dates = isinstance(node, WaitUntil) or any(place.over for place in left_for(document, node_id))
        if not to_dates and not isinstance(node, Branch | WaitFor | Update):
            return {}
        profiles = [walk.profile_id for walk in walks]
        standings = self._stores.standings.find(profiles)
        traits = self._stores.known.traits(profiles) if to_dates else {}
        return {p: Seen(standings.get(p), traits.get(p, {})) for p in profiles}

    def _with_winner(
        self, definition: Definition, step: StepInput, walks: Sequence[Enrolment], seen: Mapping[str, Seen]
    ) -> Mapping[str, Seen]:
        if not walks or not isinstance(definition.document.nodes[step.node], Split):
            return seen
        won = self._contesting.winner(definition, step.node, step.due)
        winners = {step.node: won} if won else {}
        return {w.profile_id: replace(seen.get(w.profile_id, Seen()), winners=winners) for w in walks}

    def _had(self, journey: str, profile_id: str) -> dict[str, tuple[str, ...]]:
        """What a person has had from rotations, whatever matter it was about."""
        return had_in_all(walk.memory for walk in self._stores.walks.of_profile(profile_id, journey))

    def _without_departed(self, definition: Definition, here: list[Enrolment]) -> list[Enrolment]:
        """End walks taken over from another profile whose new owner is not where the journey wants people: nobody
        will tell that they left a segment which they never were in."""
        exits_on = definition.document.exit_segments()
        absorbed = [walk for walk in here if walk.absorbed] if exits_on else []
        if not absorbed:
            return here
        standings = self._stores.standings.find([walk.profile_id for walk in absorbed])
        departed = {}
        for walk in absorbed:
            standing = standings.get(walk.profile_id)
            missing = sorted(exits_on - set(standing.segments)) if standing else []
            if missing:
                departed[walk.ref] = (walk, segment_left(missing[0]))
        self._stores.walks.stop(departed.values(), self._stores.clock.now())
        return [walk for walk in here if walk.ref not in departed]


def _silent(move: Move) -> Move:
    """A move without its message, for a pause that drops; what is written on the profile stays."""
    return move if isinstance(move.ask, AskUpdate) else replace(move, ask=None)


def stands_until(document: Document, step: StepInput) -> datetime:
    """Until when a cohort stands at the node that a step is at: one that comes to a `wait_for` stands there at once,
    before it looks who has heard."""
    node = document.nodes[step.node]
    waits = isinstance(node, WaitFor | Survey) and not step.over
    return step.due + length_of(node) if waits else step.due
