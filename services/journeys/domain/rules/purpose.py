"""What a journey is for: what must be thought of before it is published, and in which order people are met."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from services.journeys.domain import graph
from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Rotation, Send, Survey, Update
from services.journeys.domain.objectives import FIRST_RELATION
from services.journeys.domain.rules.problems import Problem

_LEARNED = {
    "step": "where in the customer's way does this stand?",
    "hypothesis": "what do you believe will happen, and why?",
}


def unprepared(document: Document) -> Iterator[Problem]:
    """What a current campaign lacks to be learned from. A base programme runs on."""
    if document.portfolio == "base":
        return
    if document.goal is None:
        yield Problem("goal", "is required of a current campaign: how will you see that it works?")
    for name, question in _LEARNED.items():
        if document.brief and getattr(document.brief, name) is None:
            yield Problem(f"brief.{name}", f"is required of a current campaign: {question}")


def uncollected(document: Document, known: Collection[str] | None) -> Iterator[Problem]:
    """Data that no profile will have: `known` are the attributes that may be collected (`None`: any)."""
    if known is None:
        return
    needed = document.brief.needed_data if document.brief else []
    named = [(f"brief.needed_data.{i}", name) for i, name in enumerate(needed)]
    for node_id, update in document.of_type(Update):
        named += [(f"nodes.{node_id}.traits.{name}", name) for name in update.traits]
    for path, name in named:
        if name not in known:
            yield Problem(path, f"no attribute {name!r} is registered: PUT /attributes/{name} says why")


def out_of_tone(document: Document) -> Iterator[Problem]:
    """Where people are to be kept or won back, the first message must not sell. A survey is a message."""
    if document.objective not in FIRST_RELATION:
        return
    for node_id, node in document.nodes.items():
        if isinstance(node, Send | Rotation) and node.tone is None:
            yield Problem(f"nodes.{node_id}.tone", f"is required where the objective is {document.objective}")
    for node_id in graph.before(document, lambda node_id: _tone(document, node_id) == "relational"):
        if _tone(document, node_id) == "commercial":
            yield Problem(
                f"nodes.{node_id}.tone",
                f"commercial before relational: with {document.objective} people are met before they are sold to",
            )


def _tone(document: Document, node_id: str) -> str | None:
    node = document.nodes[node_id]
    if isinstance(node, Survey):
        return "relational"
    return node.tone if isinstance(node, Send | Rotation) else None
