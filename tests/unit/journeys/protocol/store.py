"""What is stored: walks, cohorts and executions, and the only ways to change them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

ASK, WAIT, THANK, REMIND, LAST = "ask", "wait", "thank", "remind", "last"
ASKS = {"done": {ASK, REMIND, LAST}, "thanked": {ASK, THANK}}
"""What must have been asked for by whoever ended for a reason."""


class Violation(AssertionError):
    """An invariant does not hold."""


@dataclass
class Walk:
    """`acted` is the cohort whose step has done something about it; `lineage` numbers what the oracle knows of the
    person, whatever profile they have."""

    profile: str
    number: int
    entry: int
    lineage: int
    cohort: str = ""
    page: str = ""
    node: str = ASK
    acted: str = ""
    active: bool = True
    reason: str = ""
    heard: bool = False
    asked: frozenset[str] = frozenset()
    inherited: frozenset[str] = frozenset()
    moved_to: str = ""

    @property
    def identity(self) -> tuple[str, int]:
        return self.profile, self.number


@dataclass
class Cohort:
    """`place` is where it is (node, waiting for the timeout); `parks` counts how often a pause stopped it, `parked_at`
    is where (node, its wait over)."""

    key: str
    node: str
    due: int
    over: bool = False
    state: str = "open"
    place: tuple[str, bool] = ("", False)
    started: bool = False
    parks: int = 0
    parked_at: tuple[str, bool] = ("", False)
    pages: dict[str, str] = field(default_factory=dict)
    aboard: set[str] = field(default_factory=set)


@dataclass
class Execution:
    """A state machine's: at `node`, asleep until `due`; `over` when what it waited for there is over."""

    name: str
    cohort: str
    node: str
    due: int
    over: bool
    running: bool = True


class Store:
    """The table, and an oracle that sees every write."""

    def __init__(self) -> None:
        self.now = 0
        self.walks: dict[str, Walk] = {}
        self.cohorts: dict[str, Cohort] = {}
        self.executions: dict[str, Execution] = {}
        self.gone: dict[str, str] = {}
        self.paused = False
        self._told: dict[int, set[str]] = {}
        self._log: list[tuple[tuple[str, int], str]] = []
        self._left: set[int] = set()

    def walk(self, profile: str) -> Walk | None:
        """A walk, or the one that went on with it."""
        found = self.walks.get(profile)
        while found and found.moved_to:
            found = self.walks.get(found.moved_to)
        return found

    def begin(self, walk: Walk, last: tuple[str, int] | None) -> bool:
        """Put a new walk where `last` was, if it has ended; one that went on as somebody else's shows the way there."""
        found = self.walks.get(walk.profile)
        if (found.identity if found else None) != last or (found and (found.active or found.moved_to)):
            return False
        self.walks[walk.profile] = walk
        self._told[walk.lineage] = set()
        self._log.append((walk.identity, "entered"))
        return True

    def move(self, profile: str, source: str, to: Cohort, page: str, node: str = "") -> bool:
        """Take an active walk over from cohort `source`; if said, only one that is at `node`."""
        walk = self.walk(profile)
        if walk is None or not walk.active or walk.cohort != source or (node and node != walk.node):
            return False
        walk.cohort, walk.page, walk.node = to.key, page, to.node
        return True

    def ask(self, profile: str, cohort: str, node: str, reason: str = "") -> bool:
        """Ask for a node's message, and end the walk for `reason`; one that has inherited it only ends."""
        walk = self.walk(profile)
        if walk is None or not walk.active or walk.cohort != cohort or node in walk.asked:
            return False
        if node not in walk.inherited:
            self._tell(walk, node)
            walk.asked |= {node}
        walk.node, walk.acted = node, cohort
        if reason:
            self._end(walk, reason)
        return True

    def stop(self, profile: str, lineage: int, reason: str) -> bool:
        """End a walk wherever it is by now."""
        walk = self.walk(profile)
        if walk is None or not walk.active or walk.lineage != lineage:
            return False
        self._end(walk, reason)
        return True

    def hand_over(self, lost: Walk, winner: str, seen: tuple[Walk, Walk | None]) -> bool:
        """One transaction: the loser's walk goes on as the winner's, or leaves it what was asked for. Neither may have
        changed, or gone on as somebody else's, since it was `seen`."""
        won = self.walks.get(winner)
        if (lost, won) != seen or lost.moved_to or (won and won.moved_to):
            return False
        told = self._told[lost.lineage]
        if won is None:
            taken = replace(
                lost, profile=winner, number=1, asked=frozenset(), inherited=lost.asked | lost.inherited
            )
            self.walks[winner] = taken
            self._log.append((taken.identity, f"instead of {lost.profile}"))
        else:
            won.inherited |= lost.asked | lost.inherited
            self._told[won.lineage] |= told
        lost.moved_to = winner
        lost.active, lost.reason = False, lost.reason or "merged"
        return True

    def _tell(self, walk: Walk, node: str) -> None:
        told = self._told[walk.lineage]
        if walk.lineage in self._left:
            raise Violation(f"I4: {node} asked for of {walk.identity}, who had left")
        if node in told:
            raise Violation(f"I2, I3: {node} asked for of {walk.identity} twice")
        told.add(node)
        self._log.append((walk.identity, node))

    def _end(self, walk: Walk, reason: str) -> None:
        walk.active, walk.reason = False, reason
        self._left.add(walk.lineage)
        self._log.append((walk.identity, f"left {reason}"))

    # What must be true when all has come to rest

    def check(self) -> None:
        """Raises Violation."""
        self._check_executions()
        replayed: dict[tuple[str, int], set[str]] = {}
        for identity, what in self._log:
            replayed.setdefault(identity, set()).add(what)
        for walk in self.walks.values():
            if walk.active:
                raise Violation(f"I1: {walk.identity} stands in {walk.cohort} for ever")
            if not walk.reason:
                raise Violation(f"I5: nobody knows why {walk.identity} left")
            missing = ASKS.get(walk.reason, set()) - walk.asked - walk.inherited
            if missing:
                raise Violation(f"I5: {walk.identity} is {walk.reason} without {missing}")
            if {what for what in replayed[walk.identity] if " " not in what} - {"entered"} != walk.asked:
                raise Violation(f"I6: {walk.identity} is stored otherwise than told")

    def _check_executions(self) -> None:
        names: Collection[str] = self.walks.keys()
        for execution in self.executions.values():
            if execution.running:
                raise Violation(f"I8: {execution.name} does not end")
            if any(profile in execution.name for profile in names):
                raise Violation(f"I7: {execution.name} names a person")

    def parked(self) -> Iterator[Cohort]:
        return (cohort for cohort in self.cohorts.values() if cohort.state in ("parked", "resuming"))
