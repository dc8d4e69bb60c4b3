"""The document as a graph: what is reached, what comes back, how long it can take."""

from __future__ import annotations

from collections.abc import Iterator

from services.journeys.domain import graph
from services.journeys.domain.document import Document
from services.journeys.domain.entries import Called, Happening
from services.journeys.domain.nodes import Exit, Jump, Split, Wait, WaitFor
from services.journeys.domain.rules.problems import Problem
from services.journeys.domain.rules.values import LONGEST_WALK


def wrong_ways(document: Document) -> Iterator[Problem]:
    """What is wrong with the ways through a document whose nodes are all there."""
    if isinstance(document.nodes[document.start], Exit):
        yield Problem("start", "is an exit: the journey would do nothing")
    reached = graph.reachable(document)
    for node_id in document.nodes:
        if node_id not in reached:
            yield Problem(f"nodes.{node_id}", "can't be reached from start")
    if not any(isinstance(document.nodes[node_id], Exit) for node_id in reached):
        yield Problem("nodes", "no exit can be reached from start")
    yield from _double_waits(document)
    yield from _loops(document)
    yield from _keys(document)
    yield from _winners(document)
    yield from _calls(document)


def _double_waits(document: Document) -> Iterator[Problem]:
    """A state machine looks at the clock in the task between two waits, so there must be one."""
    for node_id, node in document.nodes.items():
        if isinstance(node, Wait) and isinstance(document.nodes[node.next], Wait):
            yield Problem(f"nodes.{node_id}.next", f"is the wait {node.next!r}: write one wait")


def _loops(document: Document) -> Iterator[Problem]:
    endless = graph.cycle(document)
    if endless:
        yield Problem(f"nodes.{endless[0]}", f"is on a loop that no jump ends: {' -> '.join(endless)}")
        return
    for node_id, jump in document.of_type(Jump):
        if node_id not in graph.behind(document, jump.to):
            yield Problem(f"nodes.{node_id}.to", f"must lead back: {jump.to!r} does not come to {node_id!r}")
    hasty = graph.hasty_loop(document)
    if hasty:
        yield Problem(
            f"nodes.{hasty[0]}", f"is on a loop on which nobody needs to wait: {' -> '.join(hasty)}"
        )
    longest = graph.longest_wait(document) + document.admission
    if longest > LONGEST_WALK:
        days = longest.total_seconds() / 86_400
        yield Problem(
            "nodes",
            f"the longest way takes {days:.1f} days, admission included; the limit is {LONGEST_WALK.days}",
        )


def _keys(document: Document) -> Iterator[Problem]:
    """A key tells matters apart only where walks have one; whoever calls may bring it."""
    if document.entry.keyed:
        return
    keyed: list[tuple[str, str | None]] = [
        (f"exit_on.{i}.key", rule.key)
        for i, rule in enumerate(document.exit_on)
        if isinstance(rule, Happening)
    ]
    if isinstance(document.goal, Happening):
        keyed.append(("goal.key", document.goal.key))
    keyed += [(f"nodes.{node_id}.key", node.key) for node_id, node in document.of_type(WaitFor)]
    for path, key in keyed:
        if key:
            yield Problem(path, "no walk has a key: name one at an event of entry.on")


def _winners(document: Document) -> Iterator[Problem]:
    for node_id, split in document.of_type(Split):
        if split.winner and document.goal is None:
            yield Problem(f"nodes.{node_id}.winner", "is chosen by the goal, and there is none")


def _calls(document: Document) -> Iterator[Problem]:
    called = any(isinstance(way, Called) for way in document.entry.on)
    for node_id, node in document.of_type(Exit):
        if node.enter == document.name and (document.entry.reentry == "never" or not called):
            yield Problem(
                f"nodes.{node_id}.enter", "is this journey, which lets nobody in again who is called"
            )
