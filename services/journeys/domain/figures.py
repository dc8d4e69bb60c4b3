"""What came of journeys, in numbers: how many entered, reached the goal, left and why, and what they were asked for.
Pure: what one write to a walk adds, and which of it is counted already when the stream repeats itself."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.merging import MERGED
from services.journeys.domain.moves import AskMessage
from services.journeys.domain.signals import GOAL

_PLAIN = ("entered", "taken_over", "asked")

What = Literal["entered", "taken_over", "asked", "left", "came", "goal", "worth"]


@dataclass(frozen=True)
class Happening:
    """One thing that is counted, once: `mark` (8 characters) tells it from others. `asked` is a message; `taken_over`
    takes back that a profile's walk had ended when it only went on as another's. Of a split's arm (`reason`:
    `split:arm`) `came` is a walk that took it and `goal` one that reached the goal by it; of a currency (after the arm,
    if by one) `worth` is what a goal brought, in hundredths."""

    journey: str
    what: What
    reason: str
    mark: str
    amount: int = 1


@dataclass(frozen=True)
class Arm:
    """What came of one arm of a split: walks that took it, those that reached the goal, and what that brought in
    hundredths by currency."""

    came: int = 0
    reached: int = 0
    worth: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """What came of a journey, or of several; `arms` (of one journey only) by `split:arm`."""

    entered: int = 0
    asked: int = 0
    left: Mapping[str, int] = field(default_factory=dict)
    worth: Mapping[str, int] = field(default_factory=dict)
    arms: Mapping[str, Arm] = field(default_factory=dict)

    @property
    def active(self) -> int:
        """People on the way."""
        return self.entered - sum(self.left.values())

    @property
    def reached(self) -> int:
        """People who reached the goal in time."""
        return self.left.get(GOAL, 0)


def happenings(before: Enrolment | None, after: Enrolment) -> Iterator[Happening]:
    """What one write to a walk adds; `before`: the same walk, if it had begun."""

    def one(what: What, name: str = "", reason: str = "", amount: int = 1) -> Happening:
        return Happening(after.journey, what, reason, _mark(after.enrolment_id, what, name), amount)

    if before is None and after.absorbed and not after.active:
        return  # it was counted as the walk of the profile that was merged
    if before is None:
        yield one("taken_over" if after.absorbed else "entered")
    if after.ask is None or isinstance(after.ask, AskMessage):
        for name in after.requested:
            if before is None or name not in before.requested:
                yield one("asked", name)
    yield from _arms_taken(before, after, one)
    if not after.active and (before is None or before.active):
        yield one("left", reason=after.reason)
        if after.reason == GOAL:
            yield from _reached(after, one)


def _arms_taken(
    before: Enrolment | None, after: Enrolment, one: Callable[..., Happening]
) -> Iterator[Happening]:
    """A walk that was taken over took its arms as the other profile's."""
    if before is None and after.absorbed:
        return
    for node, arm in after.memory.arms.items():
        if before is None or node not in before.memory.arms:
            yield one("came", node, f"{node}:{arm}")


def _reached(after: Enrolment, one: Callable[..., Happening]) -> Iterator[Happening]:
    worth = after.worth
    if worth:
        yield one("worth", reason=worth.currency, amount=worth.amount)
    for node, arm in after.memory.arms.items():
        yield one("goal", node, f"{node}:{arm}")
        if worth:
            yield one("worth", node, f"{node}:{arm}:{worth.currency}", worth.amount)


def added(happened: Iterable[Happening]) -> Mapping[str, Mapping[str, int]]:
    """How much is added to which number of which journey."""
    sums: dict[str, Counter[str]] = {}
    for one in happened:
        number = one.what if one.what in _PLAIN else f"{one.what}:{one.reason}"
        sums.setdefault(one.journey, Counter())[number] += one.amount
    return sums


def figures_of(numbers: Mapping[str, int]) -> Figures:
    """What the numbers of `added`, summed up, come to."""
    left = {name.removeprefix("left:"): n for name, n in numbers.items() if name.startswith("left:")}
    left[MERGED] = left.get(MERGED, 0) - numbers.get("taken_over", 0)
    return Figures(
        numbers.get("entered", 0),
        numbers.get("asked", 0),
        {reason: n for reason, n in sorted(left.items()) if n},
        {name.removeprefix("worth:"): n for name, n in sorted(numbers.items()) if _is_whole_worth(name)},
        {arm: _arm(numbers, arm) for arm in sorted(_named(numbers, "came"))},
    )


def _named(numbers: Mapping[str, int], what: What) -> dict[str, int]:
    """The numbers of a kind, by what they are of."""
    return {name.removeprefix(f"{what}:"): n for name, n in numbers.items() if name.startswith(f"{what}:")}


def _is_whole_worth(name: str) -> bool:
    return name.startswith("worth:") and name.count(":") == 1


def _arm(numbers: Mapping[str, int], arm: str) -> Arm:
    worth = {
        name.removeprefix(f"{arm}:"): n
        for name, n in _named(numbers, "worth").items()
        if name.startswith(f"{arm}:")
    }
    return Arm(numbers[f"came:{arm}"], numbers.get(f"goal:{arm}", 0), dict(sorted(worth.items())))


def together(figures: Iterable[Figures]) -> Figures:
    """What several journeys come to."""
    entered = asked = 0
    left, worth = Counter[str](), Counter[str]()
    for one in figures:
        entered, asked = entered + one.entered, asked + one.asked
        left.update(one.left)
        worth.update(one.worth)
    return Figures(entered, asked, dict(sorted(left.items())), dict(sorted(worth.items())))


@dataclass(frozen=True)
class Counted:
    """What is to be done about a batch whose first happening is counted already: `rest` is not yet; `ahead` was
    counted, and comes with the next batch."""

    rest: Sequence[Happening]
    ahead: Sequence[str]


def beyond(batch: Sequence[Happening], marks: Sequence[str]) -> Counted:
    """What a batch holds beyond `marks`, which an earlier one that began alike had. A stream goes on where it stopped,
    in the same order, but perhaps in batches of another length."""
    seen, here = set(marks), {one.mark for one in batch}
    return Counted(
        [one for one in batch if one.mark not in seen],
        [mark for mark in marks if mark not in here],
    )


def _mark(*parts: str) -> str:
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:6]).decode()
