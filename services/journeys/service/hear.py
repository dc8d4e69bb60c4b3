"""What a signal does to people who walk already: their walk ends, they are woken, or their date moves.

Each side writes first and reads the other afterwards, so one of them sees both: what is heard is written on the walk
before it is looked where the cohort stands; a cohort writes where it stands before it reads its walks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from services.journeys.domain.acting import concerns, remembered, wake
from services.journeys.domain.document import Document
from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.entering import ended_by, stage_ends
from services.journeys.domain.keeping import kept_with
from services.journeys.domain.moves import Away, Out, Seen
from services.journeys.domain.nodes import WaitUntil
from services.journeys.domain.reasons import events_awaited_in, heard_in, is_on_the_walk, plans_by
from services.journeys.domain.signals import GOAL, Told, signals_of, stage_reached
from services.journeys.domain.states import Place
from services.journeys.domain.worth import worth_of
from services.journeys.ports.people import Noise
from services.journeys.ports.walks import Cohort
from services.journeys.service.contended import ATTEMPTS, Contended
from services.journeys.service.join import Joining
from services.journeys.service.stores import Stores
from services.shared.contracts.scoring import Standing


class Hearing:
    """Tells walks what they hear. The same signals again, in any order, change nothing."""

    def __init__(self, stores: Stores, joining: Joining) -> None:
        self._stores = stores
        self._joining = joining

    def note(self, signals: Iterable[Told]) -> None:
        """Remember events for walks that have not begun yet and may ask for them."""
        awaited = {name for d in self._stores.definitions.all() for name in events_awaited_in(d.document)}
        noises = [
            Noise(one.standing.profile_id, one.signal, one.key, one.at, one.kept, one.version)
            for one in signals
            if one.event and one.signal in awaited
        ]
        noises.sort(key=lambda noise: (noise.at, noise.version))
        newest = {(n.profile_id, n.signal, n.key): n for n in noises}
        self._stores.known.note(newest.values())

    def hear(self, signals: Sequence[Told]) -> int:
        """Let everybody who walks hear; how many walks ended.

        Raises:
            Contended, NoRoom: others were in the way all the time.
        """
        ended = 0
        for journey, names in self._journeys().items():
            told = [signal for signal in signals if signal.signal in names]
            for profile_id, walks in self.walks_of(
                [one.standing.profile_id for one in told], journey
            ).items():
                theirs = [one for one in told if one.standing.profile_id == profile_id]
                ended += sum(self._hear_all(walk, theirs) for walk in walks if walk.active)
        return ended

    def leave_stages(self, signals: Iterable[Told], newest: Mapping[str, Standing]) -> int:
        """End the walks of people who have come to a stage in which they are not to be met; how many."""
        ended = 0
        moved = [signal for signal in signals if signal.standing.profile_id in newest]
        for journey, lifecycles in self._lifecycles().items():
            profiles = [
                one.standing.profile_id
                for one in moved
                if any(one.signal.startswith(stage_reached(name, "")) for name in lifecycles)
            ]
            for profile_id, walks in self.walks_of(profiles, journey).items():
                standing = newest[profile_id]
                ending = [
                    (walk, reason)
                    for walk in walks
                    if walk.active and walk.entry_version < standing.version
                    if (reason := stage_ends(self._document(walk), standing))
                ]
                ended += self._stores.walks.stop(ending, self._stores.clock.now())
        return ended

    def catch_up(self, walks: Iterable[Enrolment]) -> int:
        """Let walks that have just begun hear what was noted before they had; how many ended by it."""
        ended = 0
        for walk in walks:
            if events_awaited_in(self._document(walk)):
                noted = self._stores.known.noted(walk.profile_id)
                standing = self._stores.standings.find([walk.profile_id]).get(walk.profile_id)
                if noted:
                    standing = standing or Standing(profile_id=walk.profile_id, version=0, at=walk.entered_at)
                    signals = [
                        Told(n.signal, n.at, standing, True, n.key, n.kept, version=n.version)
                        for n in sorted(noted, key=lambda n: n.at)
                    ]
                    ended += self._hear_all(walk, signals)
        return ended

    def hear_of_losers(self, people: Mapping[str, str]) -> int:
        """Let people hear what was noted of the profiles that they were before (`people`: the present profile by
        the former one); how many walks ended. So it is the same whether an event or the merge is told first."""
        journeys = {d.journey for d in self._stores.definitions.all() if events_awaited_in(d.document)}
        ended = 0
        for loser, person in people.items() if journeys else ():
            noted = self._stores.known.noted(loser)
            self._stores.known.note(replace(noise, profile_id=person, version=0) for noise in noted)
            for journey in sorted(journeys) if noted else ():
                walks = self.walks_of([person], journey).get(person, ())
                ended += self.catch_up(walk for walk in walks if walk.active)
        return ended

    def replan(self, profile_ids: Iterable[str], facts: bool) -> None:
        """Work out anew when people who wait for a date of theirs go on: a trait of theirs changed, or (`facts`)
        what scoring computes."""
        profiles = list(dict.fromkeys(profile_ids))
        for journey in sorted(
            {d.journey for d in self._stores.definitions.all() if plans_by(d.document, facts=facts)}
        ):
            for walks in self.walks_of(profiles, journey).values():
                for walk in walks:
                    if walk.active:
                        self._wake(walk, "")

    def walks_of(self, profile_ids: Sequence[str], journey: str) -> Mapping[str, list[Enrolment]]:
        """All walks of people through a journey: several a person where each matter is a walk of its own."""
        found: dict[str, list[Enrolment]] = defaultdict(list)
        profiles = list(dict.fromkeys(profile_ids))
        if any(d.document.entry.keyed for d in self._stores.definitions.all() if d.journey == journey):
            for profile_id in profiles:
                found[profile_id] = self._stores.walks.of_profile(profile_id, journey)
        elif profiles:
            for walk in self._stores.walks.find(profiles, journey).values():
                found[walk.profile_id].append(walk)
        return found

    def _journeys(self) -> dict[str, set[str]]:
        """What the versions of each journey hear."""
        found: dict[str, set[str]] = defaultdict(set)
        for definition in self._stores.definitions.all():
            found[definition.journey] |= heard_in(definition.document)
        return found

    def _lifecycles(self) -> dict[str, set[str]]:
        """The lifecycles by whose stages the versions of each journey say whom they meet."""
        found: dict[str, set[str]] = defaultdict(set)
        for definition in self._stores.definitions.all():
            if definition.document.stages:
                found[definition.journey].add(definition.document.stages.lifecycle)
        return found

    def _document(self, walk: Enrolment) -> Document:
        return self._stores.definitions.get(walk.journey, walk.version).document

    def _hear_all(self, walk: Enrolment, signals: Iterable[Told]) -> int:
        """An end comes before everything else that is heard at the same time."""
        document = self._document(walk)
        told = [signal for signal in signals if is_on_the_walk(walk, signal)]
        for signal in told:
            reason = ended_by(document, walk.walker(), signal.signal, signal.key, signal.at)
            if reason:
                worth = worth_of(document, signal.kept) if reason == GOAL else None
                return self._stores.walks.leave(walk, Out(reason, worth=worth), self._stores.clock.now())
        for signal in told:
            self._hear(document, walk, signal)
        return 0

    def _hear(self, document: Document, walk: Enrolment, signal: Told) -> None:
        waits = _is_waited_for(document, walk, signal)
        if not waits and not _is_entry_again(document, walk, signal):
            return None
        for _ in range(ATTEMPTS):
            current = self._stores.walks.find([walk.ref], walk.journey).get(walk.ref)
            if current is None or not current.active or current.enrolment_id != walk.enrolment_id:
                return None
            if self._note_on(document, current, signal):
                return self._wake(current, signal.signal if waits else "")
        raise Contended(f"a walk through {walk.journey} kept changing")

    def _note_on(self, document: Document, walk: Enrolment, signal: Told) -> bool:
        """Note on the walk what it hears, unless it has heard of later; `False`: it changed meanwhile."""
        at = min(signal.at, self._stores.clock.now())
        before = walk.heard.get(signal.signal)
        if before is not None and before >= at:
            return True
        kept = kept_with(walk.kept, remembered(document, signal.signal, signal.kept))
        return self._stores.walks.hear(walk, {**walk.heard, signal.signal: at}, kept) is not None

    def _wake(self, walk: Enrolment, signal: str) -> None:
        """Send somebody on if they stand where the signal means something (empty: where a date does)."""
        definition = self._stores.definitions.get(walk.journey, walk.version)
        for _ in range(ATTEMPTS):
            current = self._stores.walks.find([walk.ref], walk.journey).get(walk.ref)
            if current is None or not current.active:
                return None
            cohort = self._stores.walks.cohort(current.cohort)
            if cohort is None or not self._stands(cohort):
                return self._joining.make_up_for([current])
            seen = self._seen(definition.document, current.profile_id)
            walker, now = current.walker(cohort.since), self._stores.clock.now()
            move = wake(definition.document, cohort.node, walker, seen, signal, now)
            if move is None or _is_there(move.to, cohort):
                return self._joining.make_up_for([current])
            if isinstance(move.to, Out):
                done = self._stores.walks.end([(current, move.to, None)], now) > 0
            else:
                assert isinstance(move.to, Away)  # whoever is woken does not stay
                place = Place(move.to.node, move.to.over)
                done = self._joining.wake(definition, current, place, move.to.due)
            if done:
                return None
        raise Contended(f"a walk through {walk.journey} kept changing")

    def _stands(self, cohort: Cohort) -> bool:
        """Does a cohort stand at the wait where it is? One that has not arrived looks itself when it does; for one
        whose time is over it is too late, unless a pause holds it. At the very moment it may be both: whichever write
        comes first moves the walk, and the other finds it gone."""
        arrived = cohort.arrived or cohort.slot.over
        in_time = cohort.state == "parked" or cohort.due >= self._stores.clock.now()
        return arrived and cohort.state != "done" and in_time

    def _seen(self, document: Document, profile_id: str) -> Seen:
        standing = self._stores.standings.find([profile_id]).get(profile_id)
        by_date = any(document.of_type(WaitUntil))
        traits = self._stores.known.traits([profile_id]).get(profile_id, {}) if by_date else {}
        return Seen(standing, traits)


def _is_waited_for(document: Document, walk: Enrolment, signal: Told) -> bool:
    """Does a walk wait somewhere for a signal about its matter?"""
    walker = walk.walker()
    return any(
        name == signal.signal and concerns(keyed, signal.key, walker)
        for name, keyed in signals_of(document).waits.values()
    )


def _is_entry_again(document: Document, walk: Enrolment, signal: Told) -> bool:
    """Is it the event that let the person in, about the same matter, maybe with another date?"""
    keyed = signals_of(document).entries.get(signal.signal)
    return signal.event and keyed is not None and walk.key == (signal.key if keyed else "")


def _is_there(to: object, cohort: Cohort) -> bool:
    """Do they wait already for the time that is right by now?"""
    return isinstance(to, Away) and to.over and to.node == cohort.node and to.due == cohort.due
