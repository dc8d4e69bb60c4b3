"""What scoring publishes."""

from __future__ import annotations

from typing import Any, ClassVar

from services.shared.contracts.base import Fact, Instant, Model


class Standing(Model):
    """All that scoring knows of a profile at `version`; a consumer keeps the newest.

    `facts` are computed traits: `orders` (count), `revenue`, `average_basket`, `promo_share`, `first_order_at`,
    `last_order_at`, `first_seen_at` (ISO), and counts of e-mail outcomes. `scores` maps a model to its points;
    `segments` lists those the profile is in, `stages` maps a lifecycle to the stage by product ("": of the person),
    `fits` a fit model to the grade, `cells` a contact strategy to the cell (`band:grade`).
    `since` is that of `ProfileChange`, known since `since_at`: it tells who
    had let go of a merged profile that an un-merge gave it back.
    """

    profile_id: str
    version: int
    at: Instant
    facts: dict[str, Any] = {}
    scores: dict[str, float] = {}
    segments: list[str] = []
    stages: dict[str, dict[str, str]] = {}
    fits: dict[str, str] = {}
    cells: dict[str, str] = {}
    since: int = 0
    since_at: Instant | None = None


class ScoreChange(Model):
    """One model's score went from `previous` to `score`, or the facts behind it changed (`model` is then empty)."""

    standing: Standing
    model: str = ""
    score: float = 0
    previous: float = 0


class ScoreChanged(Fact):
    """Scores, or the computed traits behind them, changed."""

    source: ClassVar[str] = "halte.scoring"
    detail_type: ClassVar[str] = "ScoreChanged.v1"

    changes: list[ScoreChange]


class SegmentMove(Model):
    """A profile entered or left `segment` at `at`: the moment the condition flipped, not when it was noticed.

    `accepted_at` is that of the `ProfileChange` behind it; nothing where time alone flipped it."""

    segment: str
    at: Instant
    standing: Standing
    accepted_at: Instant | None = None


class SegmentEntered(Fact):
    """Profiles that began to match a segment."""

    source: ClassVar[str] = "halte.scoring"
    detail_type: ClassVar[str] = "SegmentEntered.v1"

    moves: list[SegmentMove]


class SegmentExited(Fact):
    """Profiles that ceased to match a segment."""

    source: ClassVar[str] = "halte.scoring"
    detail_type: ClassVar[str] = "SegmentExited.v1"

    moves: list[SegmentMove]


class StageMove(Model):
    """A profile went from a stage of `lifecycle` to another at `at`; an empty `before` is the beginning, an empty
    `after` the end. `product` is empty where the lifecycle is the person's own. `held_since` is when they had come to
    `before`, as far as that is known."""

    lifecycle: str
    product: str = ""
    before: str
    after: str
    at: Instant
    standing: Standing
    held_since: Instant | None = None


class StageChanged(Fact):
    """Profiles whose stage changed."""

    source: ClassVar[str] = "halte.scoring"
    detail_type: ClassVar[str] = "StageChanged.v1"

    moves: list[StageMove]


class StrategyMove(Model):
    """A profile went from a cell of contact strategy `strategy` to another at `at`; an empty `before` is the beginning.

    A cell is `band:grade`. `contact`, `owner` and `journey` (empty: none) are what was agreed for the new one.
    `accepted_at` as of `SegmentMove`.
    """

    strategy: str
    before: str
    after: str
    at: Instant
    contact: str = ""
    owner: str = ""
    journey: str = ""
    standing: Standing
    accepted_at: Instant | None = None


class StrategyCellChanged(Fact):
    """Profiles whose cell in a matrix of score and fit changed."""

    source: ClassVar[str] = "halte.scoring"
    detail_type: ClassVar[str] = "StrategyCellChanged.v1"

    moves: list[StrategyMove]


class Firing(Model):
    """An event (`message_id`) was the `trigger` of a `table` while the person was in a `position` of the buying
    process; `journey` (empty: none) is what answers it. The same event fires a trigger once.
    `accepted_at` as of `SegmentMove`."""

    table: str
    trigger: str
    position: str
    message_id: str
    journey: str = ""
    at: Instant
    standing: Standing
    accepted_at: Instant | None = None


class TriggerFired(Fact):
    """Things that people did and that something is done about."""

    source: ClassVar[str] = "halte.scoring"
    detail_type: ClassVar[str] = "TriggerFired.v1"

    firings: list[Firing]


class Task(Model):
    """Something that `owner` is asked to do for a person. The same cause has the same `task_id`, however often it is
    told; `reason` is what brought it about (`strategy:<name>:<cell>`, `trigger:<table>:<trigger>:<position>`)."""

    task_id: str
    profile_id: str
    title: str
    owner: str
    reason: str
    at: Instant


class TaskRequested(Fact):
    """Tasks for people, such as a sales call to somebody who came into a hot cell."""

    source: ClassVar[str] = "halte.scoring"
    detail_type: ClassVar[str] = "TaskRequested.v1"

    tasks: list[Task]


class Heard(Model):
    """An event (`message_id`) that passed `listener` (the name of a journeys' `Listener`), happened at `at`. `key` is
    the text of the property that tells matters apart, empty without one; `kept` the properties that were asked for.
    The same event is heard once by a listener, maybe under the id of a profile that is part of another by now.
    `accepted_at` as of `SegmentMove`."""

    listener: str
    message_id: str
    key: str = ""
    kept: dict[str, Any] = {}
    at: Instant
    standing: Standing
    accepted_at: Instant | None = None


class EventHeard(Fact):
    """Events that journeys listen to."""

    source: ClassVar[str] = "halte.scoring"
    detail_type: ClassVar[str] = "EventHeard.v1"
    personal: ClassVar[bool] = True

    heard: list[Heard]


class AskedFor(Model):
    """All events that definitions and journeys look at by now, of those that only say that a message arrived
    (`services.shared.interaction.ARRIVALS`), by name. The highest `order` counts."""

    names: list[str]
    order: int


class ArrivalsAskedFor(Fact):
    """What is asked for of arrivals of messages was decided anew."""

    source: ClassVar[str] = "halte.scoring"
    detail_type: ClassVar[str] = "ArrivalsAskedFor.v1"

    asked: list[AskedFor]


class Carried(Model):
    """The traits of a profile that journeys asked for, as of `version`; those that are not there are not known."""

    profile_id: str
    version: int
    traits: dict[str, Any] = {}


class TraitsCarried(Fact):
    """Traits that journeys reckon with (time zones, dates), when they change and when they are first asked for."""

    source: ClassVar[str] = "halte.scoring"
    detail_type: ClassVar[str] = "TraitsCarried.v1"
    personal: ClassVar[bool] = True

    carried: list[Carried]
