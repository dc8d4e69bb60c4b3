"""What a decision looks at, and what it says: a walk, what is known of the person, and what happens to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.shared.contracts.scoring import Standing

Scalar = str | int | float | bool


@dataclass(frozen=True)
class Memory:
    """What a walk remembers of chance and repetition: the arm each split took, how often each jump went back, and
    the templates each rotation has sent. The next walk keeps only `had` of a finished one."""

    arms: Mapping[str, str] = field(default_factory=dict)
    jumps: Mapping[str, int] = field(default_factory=dict)
    had: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def lap(self) -> int:
        """How often this walk went back."""
        return sum(self.jumps.values())


@dataclass(frozen=True)
class Walker:
    """One walk. `entered_at` is the moment of the reason to enter, and `entry_version` the standing that came with it;
    `kept` are the walk's facts (without `walk.`), `heard` is the newest time of each signal since then, and `since`
    when they came to the node where they stand (`None`: now)."""

    profile_id: str
    key: str
    entered_at: datetime
    kept: Mapping[str, Any] = field(default_factory=dict)
    heard: Mapping[str, datetime] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    since: datetime | None = None
    entry_version: int = 0

    def counts(self, at: datetime, version: int) -> bool:
        """Did an event of `at`, told with a standing of `version`, happen after the reason to enter? Of two events
        of the same moment the one that was told later did; the reason itself did not."""
        return (at, version) > (self.entered_at, self.entry_version)


@dataclass(frozen=True)
class Seen:
    """What is known of the person now: scoring's standing, the traits it carries here, and what they have `had` from
    rotations on any of their walks (a cart each, say). `winners`: the arms that have won."""

    standing: Standing | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)
    winners: Mapping[str, str] = field(default_factory=dict)
    had: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class AskMessage:
    """Delivery is to send one message."""

    template: str
    channels: tuple[str, ...]
    expires_at: datetime | None = None
    proposition: str | None = None


@dataclass(frozen=True)
class AskUpdate:
    """Ingest is to set traits."""

    traits: Mapping[str, Any]


@dataclass(frozen=True)
class AskTask:
    """Somebody of the firm is to do something."""

    kind: str
    title: str
    owner: str


@dataclass(frozen=True)
class AskWebhook:
    """A registered sink is to be told."""

    sink: str


Ask = AskMessage | AskUpdate | AskTask | AskWebhook


@dataclass(frozen=True)
class Inline:
    """The person stays with the cohort: on to the node's shared way out, or standing at a wait."""


@dataclass(frozen=True)
class Away:
    """The person leaves the cohort for one that arrives at `node` at `due`; or (`over`) one that stands at the wait
    `node` until `due` and then goes on behind it."""

    node: str
    due: datetime
    over: bool = False


@dataclass(frozen=True)
class Worth:
    """What a goal brought, in hundredths of `currency` (ISO 4217; empty: the event named none)."""

    amount: int
    currency: str = ""


@dataclass(frozen=True)
class Out:
    """The walk ends; `enter` names a journey that begins then, `worth` what its goal brought."""

    reason: str
    enter: str = ""
    worth: Worth | None = None


INLINE = Inline()


@dataclass(frozen=True)
class Move:
    """What happens to one person at one node. A `memory` of `None` is unchanged."""

    ask: Ask | None = None
    memory: Memory | None = None
    to: Inline | Away | Out = INLINE


def request_name(node_id: str, memory: Memory) -> str:
    """What a request is noted as: the node, and after n jumps `<node>.<n>`, so that each lap asks once."""
    return f"{node_id}.{memory.lap}" if memory.lap else node_id


def memory_of_next(memory: Memory) -> Memory:
    """What the person's next walk through the journey begins with."""
    return Memory(had=memory.had)


def shared_memory(memory: Memory, other: Memory) -> Memory:
    """The memory of two walks of one person together: what either has had, neither gets again."""
    return Memory(memory.arms, memory.jumps, had_in_all((memory, other)))


def had_in_all(memories: Iterable[Memory]) -> dict[str, tuple[str, ...]]:
    """What rotations have sent on any of some walks, by node."""
    found: dict[str, dict[str, None]] = {}
    for memory in memories:
        for node, templates in memory.had.items():
            found.setdefault(node, {}).update(dict.fromkeys(templates))
    return {node: tuple(templates) for node, templates in found.items()}
