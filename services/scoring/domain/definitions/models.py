"""Score models: points per behaviour, plus and minus, as a marketer writes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from services.scoring.domain.definitions.needs import Needs
from services.scoring.domain.ledger import Line, lines_of, shown
from services.scoring.domain.points import (
    Fading,
    Pile,
    Points,
    Score,
    Scores,
    Weighted,
    settled,
    shares,
)
from services.shared.conditions import Reference, States, TrackSpec, number_at, parse_duration
from services.shared.conditions.limits import MAX_NAME, MAX_PATH, MAX_TRACKS, Budget
from services.shared.conditions.matching import Pattern
from services.shared.conditions.measures import millionths
from services.shared.conditions.tracks import Keep, amount, canonical, time_of
from services.shared.conditions.where import parse_where

MAX_POINTS = 1_000_000
ANY = "*"

Amount = Annotated[float, Field(ge=-MAX_POINTS, le=MAX_POINTS, allow_inf_nan=False)]
EventName = Annotated[str, Field(min_length=1, max_length=200)]
_Key = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
_Path = _Key | Annotated[list[_Key], Field(min_length=1, max_length=MAX_PATH)]


def _length(text: str | None) -> str | None:
    if text is not None and not parse_duration(text):
        raise ValueError("must be longer than nothing")
    return text


def _milliseconds(text: str | None) -> int | None:
    return parse_duration(text) // timedelta(milliseconds=1) if text else None


class Decay(BaseModel):
    """Points halve with each `half_life`, or go evenly to nothing in the time `linear`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    half_life: str | None = None
    linear: str | None = None

    _lengths = field_validator("half_life", "linear")(_length)

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.half_life is None) == (self.linear is None):
            raise ValueError("must have exactly one of half_life, linear")
        return self


class Rule(BaseModel):
    """Points for each event of a name that passes `where`: only for the first if `once`, in sum never beyond plus or
    minus `cap`, less with time by `decay`, none any more after `expires`.

    With `per`, the points of each value of that property are kept apart, and capped apart.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: EventName
    type: Literal["track", "page", "screen"] = "track"
    where: dict[str, Any] | None = None
    points: Amount
    once: bool = False
    cap: Annotated[float, Field(gt=0, le=MAX_POINTS)] | None = None
    per: _Path | None = None
    decay: Decay | None = None
    expires: str | None = None

    _length = field_validator("expires")(_length)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.per is not None and self.once:
            raise ValueError("once: can't be kept per value; cap it at the points of one event")
        if self.per is not None and self.fading.lasts is None:
            raise ValueError(
                "per: needs decay or expires: what is remembered of each value must come to an end"
            )
        return self

    @property
    def key(self) -> str:
        """The key its events are counted under."""
        return f"{self.type}:{self.event}"

    @cached_property
    def fading(self) -> Fading:
        """What one event is worth by its age."""
        half_life, linear = (self.decay.half_life, self.decay.linear) if self.decay else (None, None)
        return Fading(self.points, *map(_milliseconds, (half_life, linear, self.expires)))

    @cached_property
    def track(self) -> TrackSpec | None:
        """What must be kept of its events; `None` when their number, whatever their time, is enough."""
        lasts = self.fading.lasts
        if self.where is None and lasts is None and self.event != ANY:
            return None
        where = None if self.where is None else parse_where(self.where, "where", Budget())
        pattern = Pattern(self.key, where)
        if self.per is not None:
            path = (self.per,) if isinstance(self.per, str) else tuple(self.per)
            return TrackSpec(pattern, Keep("marks", lasts), "value", path)
        if self.once:
            return TrackSpec(pattern, Keep("first"))
        return TrackSpec(pattern, Keep("total") if lasts is None else Keep("marks", lasts))

    def piles(self, number: int, counts: Mapping[str, int], states: States) -> Iterator[Pile]:
        """Its points by value (if kept apart), it being rule `number`."""
        cap = None if self.cap is None else amount(self.cap)
        if self.track is None:
            count = counts.get(self.key, 0)
            yield Pile(number, self.fading, (), min(count, 1) if self.once else count, cap)
            return
        state = states.get(self.track.signature) or {}
        times: dict[str, list[int]] = defaultdict(list)
        for mark in state.get("m", ()):
            times[_text(mark[1]) if self.per is not None else ""].append(time_of(mark))
        if self.per is None:
            yield Pile(number, self.fading, tuple(times[""]), int(state.get("n", 0)), cap)
            return
        for value, those in sorted(times.items()):
            yield Pile(number, self.fading, tuple(those), 0, cap, value)


@dataclass(frozen=True)
class Seen:
    """What models see of a person: numbers of events by key, tracks, facts and traits."""

    counts: Mapping[str, int] = field(default_factory=dict)
    states: States = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)


class ScoreModel(BaseModel):
    """A named sum of rules; each rule is capped on its own, so the order of events makes no difference."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str] = "score-model"

    name: str
    rules: Annotated[list[Rule], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if len({rule.track.signature for rule in self.rules if rule.track}) > MAX_TRACKS:
            raise ValueError(f"rules: watch more than {MAX_TRACKS} kinds of events; share or split the model")
        return self

    @classmethod
    def read(cls, name: str, document: Mapping[str, Any]) -> ScoreModel:
        """The model that `{"rules": [...]}` describes.

        Raises:
            Invalid: `invalid_condition`, a filter is none.
            pydantic.ValidationError: a rule is not one.
        """
        for i, rule in enumerate(_list(document.get("rules"))):
            if isinstance(rule, Mapping) and rule.get("where") is not None:
                parse_where(rule["where"], f"rules.{i}.where", Budget())
        return cls.model_validate({**document, "name": name})

    def document(self) -> dict[str, Any]:
        """The model as JSON."""
        return self.model_dump(exclude_none=True)

    def references(self) -> Iterable[Reference]:
        """Models depend on events only."""
        return ()

    @cached_property
    def needs(self) -> Needs:
        """Counts of events, and tracks where their times or properties matter."""
        counted = [rule.key for rule in self.rules if rule.track is None]
        return Needs.of((), counted, [rule.track for rule in self.rules if rule.track])

    def score(self, seen: Seen, scores: Scores) -> Score:
        """The points of a person."""
        return settled(Points(self._piles(seen)))

    def explained(self, seen: Seen, scores: Scores, now: int) -> dict[str, Any]:
        """Where the points come from: `rules` (`{"event", "count", "points"}`), a `ledger` whose points add up to the
        score, and the score of each of the `values` that points are kept apart by."""
        piles = self._piles(seen)
        points = Points(piles)
        rows = []
        for number, rule in enumerate(self.rules):
            mine = [pile for pile in piles if pile.rule == number]
            count = seen.counts.get(rule.key, 0) if rule.track is None else sum(p.count(now) for p in mine)
            total = sum(pile.total(now) for pile in mine)
            rows.append({"event": rule.event, "count": count, "points": millionths(total)})
        lines = [line for pile in piles for line in lines_of(self.rules[pile.rule].event, pile, now)]
        by_value = {value: points.part(value).at(now) for value in points.values}
        return {
            "score": points.at(now),
            "rules": rows,
            "ledger": shown(lines),
            **({"values": by_value} if by_value else {}),
        }

    def _piles(self, seen: Seen) -> tuple[Pile, ...]:
        return tuple(
            pile
            for number, rule in enumerate(self.rules)
            for pile in rule.piles(number, seen.counts, seen.states)
        )


class WeightedScore(BaseModel):
    """A score made of others, each times its weight: total engagement of its four sub-scores, for one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str] = ScoreModel.kind

    name: str
    weights: Annotated[dict[_Key, Amount], Field(min_length=1, max_length=20)]

    def document(self) -> dict[str, Any]:
        """The score as JSON."""
        return self.model_dump()

    def references(self) -> Iterable[Reference]:
        """The scores it is made of."""
        return tuple(Reference("score", name, f"weights.{name}") for name in self.weights)

    @property
    def needs(self) -> Needs:
        """Nothing of its own."""
        return Needs()

    def score(self, seen: Seen, scores: Scores) -> Score:
        """The weighted sum of `scores`."""
        return settled(self._sum(scores))

    def explained(self, seen: Seen, scores: Scores, now: int) -> dict[str, Any]:
        """The score, and a `ledger` of what each of the others brings."""
        lines = [
            Line(points, {"score": name, "weight": weight, "of": number_at(scores.get(name, 0), now)})
            for (name, weight), points in zip(
                self.weights.items(), shares(self._sum(scores).parts, now), strict=True
            )
        ]
        return {"score": self._sum(scores).at(now), "ledger": shown(lines)}

    def _sum(self, scores: Scores) -> Weighted:
        return Weighted(tuple((weight, scores.get(name, 0)) for name, weight in self.weights.items()))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
