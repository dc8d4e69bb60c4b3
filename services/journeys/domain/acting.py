"""What happens to one person at one node: the one decision that the engine applies to pages of a cohort and the
interpreter to one person.

`at` is the moment for which it is taken: when the step was due, never when it happened to run, so that a step that is
repeated says the same. Everybody stays with the cohort (`Inline`) who takes the node's shared way: `next`, a branch's
`default`, a split's last arm, a jump's `otherwise`; at a `WaitFor` or `Survey` it means to stand there, and once the
wait is over, `otherwise`. Whoever comes to an exit is `Out` without going there. Whoever leaves for a `WaitUntil` is
put at once where they wait for their own time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from services.journeys.domain.chance import arm_of
from services.journeys.domain.document import Document
from services.journeys.domain.knowing import known, view_of
from services.journeys.domain.moves import (
    INLINE,
    Ask,
    AskMessage,
    AskTask,
    AskUpdate,
    AskWebhook,
    Away,
    Inline,
    Move,
    Out,
    Seen,
    Walker,
)
from services.journeys.domain.nodes import (
    Branch,
    Exit,
    Jump,
    Node,
    Rotation,
    Send,
    Split,
    Survey,
    Task,
    Update,
    Wait,
    WaitFor,
    WaitUntil,
    Webhook,
)
from services.journeys.domain.own_time import due_of, reopening
from services.journeys.domain.signals import signals_of
from services.journeys.domain.timing import regrouped_at
from services.shared.conditions import evaluate

Going = Inline | Away | Out


@dataclass(frozen=True)
class _Here:
    """A person at a moment."""

    document: Document
    walker: Walker
    seen: Seen
    at: datetime


def act(
    document: Document,
    node_id: str,
    walker: Walker,
    seen: Seen,
    at: datetime,
    *,
    over: bool = False,
    now: datetime | None = None,
) -> Move:
    """What happens to `walker` at `node_id`, for the time `at` when it was due. `over`: its wait is over (a timeout, a
    date that has come, doors that open); else they have just come there. `now`, if it is later by now, is when doors
    must be open."""
    here = _Here(document, walker, seen, at)
    node = document.nodes[node_id]
    if isinstance(node, Send):
        return Move(_message(node, at), to=_inline(here, node.next))
    if isinstance(node, Update | Task | Webhook):
        return Move(_ask(here, node), to=_inline(here, node.next))
    if isinstance(node, Branch | Split | Jump | Rotation):
        return _by_choice(here, node_id, node)
    if isinstance(node, WaitFor | Survey):
        return _at_wait_for(here, node_id, node, over)
    if isinstance(node, WaitUntil):
        doors = replace(here, at=max(at, now or at))
        return Move(to=_behind_doors(doors, node_id, node) if over else _until(here, node_id, node))
    if isinstance(node, Wait):
        return Move(to=_inline(here, node.next))
    if isinstance(node, Exit):
        return Move(to=_out(node))
    assert_never(node)


def wake(
    document: Document, node_id: str, walker: Walker, seen: Seen, signal: str, at: datetime
) -> Move | None:
    """What somebody who stands at `node_id` does after the walk has heard a signal, or after their date moved;
    `None`: nothing.

    At a `WaitUntil` the answer is always the time that is right by now; it may be the one they wait for already.
    """
    here = _Here(document, walker, seen, at)
    node = document.nodes[node_id]
    if isinstance(node, WaitUntil):
        move = _until(here, node_id, node)
        return None if isinstance(move, Inline) else Move(to=move)
    if isinstance(node, WaitFor | Survey):
        awaited, _ = signals_of(document).waits[node_id]
        if awaited == signal and _has_heard(here, node_id, node):
            return Move(to=_leave(here, node.next, regrouped_at(document, at)))
    return None


def remembered(document: Document, signal: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """What a walk keeps of an event, by the names of its facts: all that the ways in and the waits that hear it
    say."""
    signals = signals_of(document)
    kept = {name: properties[name] for name in signals.kept_on_entry.get(signal, ()) if name in properties}
    for node_id, (awaited, _) in signals.waits.items():
        node = document.nodes[node_id]
        if awaited != signal:
            continue
        if isinstance(node, Survey):
            kept |= {f"{node_id}.{name}": value for name, value in properties.items()}
        elif isinstance(node, WaitFor):
            kept |= {name: properties[name] for name in node.keep if name in properties}
    return kept


def concerns(keyed: bool, key: str, walker: Walker) -> bool:
    """Is an event about the matter of this walk? Only one that tells matters apart (`keyed`) can be about another."""
    return not keyed or not walker.key or walker.key == key


def shared_way(node: Node) -> str:
    """Where a cohort goes on together after a node; after a wait for something, where it goes when that did not
    happen.

    Raises:
        ValueError: an exit leads nowhere.
    """
    if isinstance(node, Branch):
        return node.default
    if isinstance(node, Split):
        return node.arms[-1].next
    if isinstance(node, Jump | WaitFor | Survey):
        return node.otherwise
    if isinstance(node, Exit):
        raise ValueError("an exit leads nowhere")
    return node.next


# Ways on


def _inline(here: _Here, target: str) -> Going:
    node = here.document.nodes[target]
    return _out(node) if isinstance(node, Exit) else INLINE


def _leave(here: _Here, target: str, due: datetime) -> Going:
    """Where somebody who leaves the cohort goes, to `target` at `due`."""
    node = here.document.nodes[target]
    if isinstance(node, Exit):
        return _out(node)
    if isinstance(node, WaitUntil):
        return _until(replace(here, at=due), target, node)
    return Away(target, due)


def _out(node: Exit) -> Out:
    return Out(node.reason, node.enter or "")


# Asking


def _message(node: Send, at: datetime) -> AskMessage:
    expires_at = at + node.expires if node.expires is not None else None
    return AskMessage(node.template, tuple(node.channels), expires_at, node.proposition)


def _ask(here: _Here, node: Update | Task | Webhook) -> Ask | None:
    if isinstance(node, Task):
        return AskTask(node.kind, node.title, node.owner)
    if isinstance(node, Webhook):
        return AskWebhook(node.sink)
    traits = {name: value for name, said in node.traits.items() if (value := _value(here, said)) is not None}
    return AskUpdate(traits) if traits else None


def _value(here: _Here, said: Any) -> Any:
    """A literal, or a fact by its name; `None`: it is not known."""
    return known(said, here.walker, here.seen) if str(said).startswith("fact:") else said


# Choosing


def _by_choice(here: _Here, node_id: str, node: Branch | Split | Jump | Rotation) -> Move:
    if isinstance(node, Branch):
        return Move(to=_branch(here, node_id, node))
    if isinstance(node, Split):
        return _split(here, node_id, node)
    return _jump(here, node_id, node) if isinstance(node, Jump) else _rotate(here, node_id, node)


def _branch(here: _Here, node_id: str, node: Branch) -> Going:
    view = view_of(here.walker, here.seen)
    arms = signals_of(here.document).arms[node_id]
    target = next((to for condition, to in arms if evaluate(condition, view, here.at)), node.default)
    return _inline(here, target) if target == node.default else _leave(here, target, here.at)


def _split(here: _Here, node_id: str, node: Split) -> Move:
    memory = here.walker.memory
    seed = node.seed or f"{here.document.name}/{node_id}"
    taken = {arm.name: arm for arm in node.arms}.get(memory.arms.get(node_id, ""))
    arm = taken or arm_of(node, seed, here.walker.profile_id, here.seen.winners.get(node_id))
    shared = shared_way(node)
    to = _inline(here, shared) if arm.next == shared else _leave(here, arm.next, here.at)
    remembering = None if taken else replace(memory, arms={**memory.arms, node_id: arm.name})
    return Move(memory=remembering, to=to)


def _jump(here: _Here, node_id: str, node: Jump) -> Move:
    memory = here.walker.memory
    been = memory.jumps.get(node_id, 0)
    if been >= node.at_most:
        return Move(to=_inline(here, node.otherwise))
    remembering = replace(memory, jumps={**memory.jumps, node_id: been + 1})
    return Move(memory=remembering, to=_leave(here, node.to, here.at))


def _rotate(here: _Here, node_id: str, node: Rotation) -> Move:
    memory = here.walker.memory
    had = memory.had.get(node_id, ())
    elsewhere = here.seen.had.get(node_id, ())
    template = next((one for one in node.templates if one not in (*had, *elsewhere)), None)
    if template is None:
        same = node.exhausted == node.next
        return Move(
            to=_inline(here, node.next) if same else _leave(here, node.exhausted, here.at),
        )
    remembering = replace(memory, had={**memory.had, node_id: (*had, template)})
    return Move(AskMessage(template, tuple(node.channels)), remembering, _inline(here, node.next))


# Waiting


def _at_wait_for(here: _Here, node_id: str, node: WaitFor | Survey, over: bool) -> Move:
    ask = AskMessage(node.template, tuple(node.channels)) if isinstance(node, Survey) and not over else None
    if _has_heard(here, node_id, node):
        if over and node.next == node.otherwise:
            return Move(ask, to=_inline(here, node.next))
        return Move(ask, to=_leave(here, node.next, here.at))
    return Move(ask, to=_inline(here, node.otherwise) if over else INLINE)


def _has_heard(here: _Here, node_id: str, node: WaitFor | Survey) -> bool:
    """Has what is waited for happened? Where only the time since they came to the node counts, what brought them
    there does not. A survey's answer counts from when it was asked."""
    signal, _ = signals_of(here.document).waits[node_id]
    heard = here.walker.heard.get(signal)
    if isinstance(node, Survey) or node.since == "node":
        return heard is not None and heard > (here.walker.since or here.at)
    holds = node.when is not None and here.seen.standing is not None and signal in here.seen.standing.segments
    return holds or heard is not None


def _until(here: _Here, node_id: str, node: WaitUntil) -> Going:
    """Where somebody waits for their own time, or goes when it is not known."""
    due = due_of(here.document, node, here.walker, here.seen, here.at)
    if due is not None:
        return Away(node_id, due, over=True)
    assert node.missing is not None  # a date that may be missing says where people go then
    return _leave(here, node.missing, here.at)


def _behind_doors(here: _Here, node_id: str, node: WaitUntil) -> Going:
    """The time has come, but the doors may be shut."""
    opening = reopening(here.document, node, here.seen, here.at)
    return Away(node_id, opening, over=True) if opening > here.at else _inline(here, node.next)
