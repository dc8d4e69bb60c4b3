"""All definitions together: they must fit, and each is judged after those it depends on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from services.scoring.domain.definitions.base import Definition, Kind
from services.scoring.domain.definitions.fits import FitModel
from services.scoring.domain.definitions.fitting import (
    REFERRED,
    Key,
    check_matrices,
    check_propensities,
    fits,
    needs_of,
    ordered_by,
    referred,
)
from services.scoring.domain.definitions.forums import Forum
from services.scoring.domain.definitions.hearing import Hearing, Watch
from services.scoring.domain.definitions.lifecycles import Lifecycle
from services.scoring.domain.definitions.lists import StaticSegment
from services.scoring.domain.definitions.margins import MarginTable
from services.scoring.domain.definitions.models import ScoreModel
from services.scoring.domain.definitions.needs import Needs
from services.scoring.domain.definitions.pitches import Pitch
from services.scoring.domain.definitions.scores import AnyModel, read_model
from services.scoring.domain.definitions.segments import Segment, read_segment
from services.scoring.domain.definitions.strategies import Strategy
from services.scoring.domain.definitions.trigger_tables import TriggerTable
from services.scoring.domain.places import Judged
from services.shared.contracts.journeys import Listening
from services.shared.errors import Conflict, Invalid, NotFound

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(Segment.kind, "segments", read_segment, most=200, places=True),
            Kind(ScoreModel.kind, "score-models", read_model, most=50),
            Kind(Forum.kind, "forums", Forum.read, most=50),
            Kind(Lifecycle.kind, "stages", Lifecycle.read, most=20, places=True),
            Kind(FitModel.kind, "fit-models", FitModel.read, most=20, places=True),
            Kind(Strategy.kind, "strategies", Strategy.read, most=20, places=True),
            Kind(TriggerTable.kind, "trigger-tables", TriggerTable.read, most=20),
            Kind(MarginTable.kind, "margin-tables", MarginTable.read, most=5),
            Kind(Pitch.kind, "pitches", Pitch.read, most=50),
        )
    }
)
"""Every kind there is."""


def kind_of(name: str) -> Kind:
    """The kind of that name.

    Raises:
        NotFound: there is none.
    """
    if name not in KINDS:
        raise NotFound("not_found", f"there is no kind of definition named {name!r}")
    return KINDS[name]


@dataclass(frozen=True)
class Definitions:
    """All definitions at one `version`, which grows by one per change, in an order in which each comes after those it
    refers to. They fit together: what one names exists, and no two wait for each other.

    `introduced` says by which version each need, each definition as it is (`segment/first_order`), and each trait that
    is carried (`carry/timezone`), came to be. `hearing` is what journeys asked for; `watches` are those of it that fit.
    """

    version: int
    all: tuple[Definition, ...]
    introduced: Mapping[str, int]
    hearing: Hearing = field(default_factory=Hearing)
    watches: tuple[Watch, ...] = ()

    @classmethod
    def of(
        cls,
        version: int,
        definitions: Iterable[Definition],
        introduced: Mapping[str, int] | None = None,
        hearing: Hearing | None = None,
    ) -> Definitions:
        """Definitions that fit together; of namesakes the last counts. What `introduced` does not know, is new.

        Raises:
            Invalid: `unknown_reference`, `definition_cycle`, `too_many`, a matrix has holes (`unmapped_cell`), or a
                propensity is no probability (`not_learned`).
        """
        by_key: dict[Key, Definition] = {(one.kind, one.name): one for one in definitions}
        for kind, count in Counter(kind for kind, _ in by_key).items():
            if count > KINDS[kind].most:
                raise Invalid("too_many", f"there may be {KINDS[kind].most} of {KINDS[kind].path}")
        needs = {key: needs_of(one, by_key) for key, one in sorted(by_key.items())}
        check_matrices(by_key)
        check_propensities(by_key)
        ordered = tuple(by_key[key] for key in ordered_by(needs))
        hearing = hearing or Hearing()
        watches = tuple(one for one in hearing.watches if fits(one, by_key))
        words = {word for one in (*ordered, *watches) for word in (_word(one), *one.needs.names)}
        words |= {one.list for one in ordered if isinstance(one, StaticSegment)}
        words |= {*_carrying(hearing).names, *map(carry_word, hearing.carries)}
        before = introduced or {}
        known = {word: before.get(word, version) for word in words}
        return cls(version, ordered, known, hearing, watches)

    @cached_property
    def judged(self) -> tuple[Judged, ...]:
        """Those that put a person somewhere."""
        return (*(one for one in self.all if isinstance(one, Judged)), *self.watches)

    @cached_property
    def models(self) -> tuple[AnyModel, ...]:
        """The score models, each after those it is made of."""
        return tuple(one for one in self.all if isinstance(one, AnyModel))

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The segments that follow a condition."""
        return tuple(one for one in self.all if isinstance(one, Segment))

    @cached_property
    def lists(self) -> Mapping[Key, int]:
        """The static segments, each with the version from which on there is its list."""
        found = (one for one in self.all if isinstance(one, StaticSegment))
        return {(one.kind, one.name): self.introduced[one.list] for one in found}

    @cached_property
    def trigger_tables(self) -> tuple[TriggerTable, ...]:
        """The trigger tables."""
        return tuple(one for one in self.all if isinstance(one, TriggerTable))

    @cached_property
    def margin_tables(self) -> tuple[MarginTable, ...]:
        """The margin tables."""
        return tuple(one for one in self.all if isinstance(one, MarginTable))

    @cached_property
    def pitches(self) -> tuple[Pitch, ...]:
        """The pitches, by name."""
        return tuple(one for one in self.of_kind(Pitch.kind) if isinstance(one, Pitch))

    @cached_property
    def needs(self) -> Needs:
        """What all of them need to be remembered."""
        everything = (*self.all, *self.watches)
        return Needs.together([*(one.needs for one in everything), _carrying(self.hearing)])

    @cached_property
    def complete_from(self) -> int:
        """The version from which on nothing new had to be remembered."""
        return max((self.introduced[name] for name in self.needs.names), default=0)

    def waiting(self, remembered: int) -> frozenset[Key]:
        """Those that can't be judged by a memory that was complete for version `remembered`, because they, or others
        they refer to, need more."""
        if remembered >= self.complete_from:
            return frozenset()
        found: set[Key] = set()
        for one in (*self.all, *self.watches):
            new = any(self.introduced[name] > remembered for name in one.needs.names)
            if new or any(referred(reference) in found for reference in one.references()):
                found.add((one.kind, one.name))
        return frozenset(found)

    def of_kind(self, kind: str) -> list[Definition]:
        """Those of a kind, by name."""
        return sorted((one for one in self.all if one.kind == kind), key=lambda one: one.name)

    def get(self, kind: str, name: str) -> Definition | None:
        """One of them."""
        return self._by_key.get((kind, name))

    @cached_property
    def _by_key(self) -> Mapping[Key, Definition]:
        return {(one.kind, one.name): one for one in self.all}

    def watch(self, name: str) -> Watch | None:
        """One of the watches."""
        return self._watches.get(name)

    @cached_property
    def _watches(self) -> Mapping[str, Watch]:
        return {one.name: one for one in self.watches}

    def unheard(self, journey: str) -> list[str]:
        """What a journey asked for and is not heard, because it can't be read or names what is not there."""
        asked = (one.names for one in self.hearing.requests if one.listening.journey == journey)
        heard = {*self._watches, *(one.name for one in self.hearing.listeners)}
        return sorted(next(asked, set()) - heard)

    def hears(self, listening: Listening) -> Definitions:
        """With what a journey needs to hear: the next version, or the same one when people are judged as before."""
        hearing = self.hearing.with_(listening)
        following = Definitions.of(self.version + 1, self.all, self.introduced, hearing)
        if following.introduced.keys() == self.introduced.keys():
            return Definitions.of(self.version, self.all, self.introduced, hearing)
        return following

    def with_(self, new: Definition) -> Definitions:
        """The next version, with `new` in place of its namesake.

        Raises:
            Invalid: it does not fit with the others.
        """
        introduced = {word: at for word, at in self.introduced.items() if word != _word(new)}
        return Definitions.of(self.version + 1, [*self.all, new], introduced, self.hearing)

    def without(self, kind: str, name: str) -> Definitions:
        """The next version, without one of them.

        Raises:
            Conflict: `in_use`, others refer to it.
        """
        users = [
            f"{one.kind} {one.name!r}"
            for one in self.all
            if any((r.kind, r.name) == (REFERRED.get(kind, kind), name) for r in one.references())
        ]
        users += [
            "a journey"
            for one in self.watches
            if any((r.kind, r.name) == (REFERRED.get(kind, kind), name) for r in one.references())
        ][:1]
        if users:
            raise Conflict("in_use", f"{kind} {name!r} is used by {', '.join(sorted(users))}")
        others = [one for one in self.all if (one.kind, one.name) != (kind, name)]
        return Definitions.of(self.version + 1, others, self.introduced, self.hearing)


def _word(one: Definition) -> str:
    return f"{one.kind}/{one.name}"


def carry_word(trait: str) -> str:
    """What a trait that is carried is called in `Definitions.introduced`."""
    return f"carry/{trait}"


def _carrying(hearing: Hearing) -> Needs:
    return Needs(traits=hearing.carries)
