"""What may be meant and probably is not: told, and no reason to refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from services.journeys.domain import graph
from services.journeys.domain.document import Document
from services.journeys.domain.entries import Called, DateWay, EventWay, ScheduleWay
from services.journeys.domain.nodes import Branch, Exit, Rotation, Send, Split, Survey, WaitFor, Webhook
from services.journeys.domain.parts import spelled
from services.journeys.domain.rules import conditions
from services.journeys.domain.rules.problems import Problem

LONG_GATHERING = timedelta(hours=1)


def advice(document: Document) -> Iterator[Problem]:
    """What a careful reader would ask about a document that breaks no rule."""
    yield from _waits(document)
    yield from _branches(document)
    yield from _holdouts(document)
    yield from _entries(document)
    yield from _kept_in_vain(document)
    yield from _offers(document)


def _waits(document: Document) -> Iterator[Problem]:
    for node_id, wait in document.of_type(WaitFor):
        if wait.next == wait.otherwise:
            yield Problem(
                f"nodes.{node_id}.otherwise", "is next: whether it happened or not makes no difference"
            )


def _branches(document: Document) -> Iterator[Problem]:
    for node_id, branch in document.of_type(Branch):
        if all(arm.next == branch.default for arm in branch.branches):
            yield Problem(f"nodes.{node_id}", "all ways lead to the same node")
        said = [arm.when for arm in branch.branches]
        for i, when in enumerate(said):
            if when in said[:i]:
                yield Problem(
                    f"nodes.{node_id}.branches.{i}.when",
                    "stands in an earlier arm, which takes everybody first",
                )


def _holdouts(document: Document) -> Iterator[Problem]:
    for node_id, split in document.of_type(Split):
        for i, arm in enumerate(split.arms):
            if arm.holdout and (sent := sorted(_sends_from(document, arm.next))):
                yield Problem(
                    f"nodes.{node_id}.arms.{i}.next",
                    f"the control group comes to {', '.join(sent)}: it is met like everybody else",
                )


def _sends_from(document: Document, node_id: str) -> set[str]:
    met = {node_id, *graph.behind(document, node_id)}
    return {one for one in met if isinstance(document.nodes[one], Send | Rotation | Survey)}


def _entries(document: Document) -> Iterator[Problem]:
    for i, way in enumerate(document.entry.on):
        comes_again = (isinstance(way, DateWay) and way.anniversary) or (
            isinstance(way, ScheduleWay) and way.schedule.rule is not None
        )
        if comes_again and document.entry.reentry == "never":
            yield Problem("entry.reentry", f"entry.on.{i} comes again and nobody may: each is met once")
        if isinstance(way, EventWay) and document.admission > LONG_GATHERING:
            yield Problem(
                "admission",
                f"whoever {way.shown} may stand {spelled(document.admission)} before anything happens",
            )


def _kept_in_vain(document: Document) -> Iterator[Problem]:
    """Messages and sinks get all that a walk keeps, so it is in vain only where there are none."""
    if any(isinstance(node, Send | Rotation | Survey | Webhook) for node in document.nodes.values()):
        return
    looked_at = conditions.wanted(document)
    for path, name in conditions.kept(document):
        if name not in looked_at:
            yield Problem(path, "nothing looks at it")


def _offers(document: Document) -> Iterator[Problem]:
    if document.objective != "cross_sell":
        return
    for node_id, send in document.of_type(Send):
        if send.proposition is None and send.tone != "relational":
            yield Problem(f"nodes.{node_id}.proposition", "which proposition does this cross-sell?")


def calls_in_vain(document: Document, others: Mapping[str, Document]) -> Iterator[Problem]:
    """Exits into journeys that are not there (yet), or let nobody in who is called; `others` are the newest ones."""
    for node_id, node in document.of_type(Exit):
        if node.enter is None or node.enter == document.name:
            continue
        target = others.get(node.enter)
        if target is None:
            yield Problem(f"nodes.{node_id}.enter", f"there is no journey {node.enter!r} yet")
        elif not any(isinstance(way, Called) for way in target.entry.on):
            yield Problem(f"nodes.{node_id}.enter", f"{node.enter!r} lets nobody in who is called")
