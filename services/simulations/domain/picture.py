"""A journey's picture with how many took each way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from services.journeys.domain.agenda import Passage
from services.journeys.domain.diagram import Edge, dot, edges, mermaid
from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Exit


def counted(document: Document, passed: Mapping[Passage, int]) -> dict[Edge, int]:
    """How many took each way of the document. Of several ways from one node to another the first has the count of
    all."""
    ways = _ways(document)
    found: Counter[Edge] = Counter()
    for passage, count in passed.items():
        for edge in _route(document, ways, passage):
            found[edge] += count
    return dict(found)


def picture(document: Document, passed: Mapping[Passage, int], entered: int) -> str:
    """As a Mermaid flowchart; who was taken out by a rule, or came to the goal, leaves by a dotted line."""
    drawn = mermaid(document, counted(document, passed), entered)
    ways = _ways(document)
    taken = sorted(
        (one.reason, one.source, n) for one, n in passed.items() if not _route(document, ways, one)
    )
    for number, reason in enumerate(dict.fromkeys(reason for reason, _, _ in taken)):
        drawn += f'  by_rule_{number}(["{reason}"])\n'
        for _, source, times in (one for one in taken if one[0] == reason):
            drawn += f'  n_{source} -.->|"{times:,}"| by_rule_{number}\n'
    return drawn


def graph(document: Document, passed: Mapping[Passage, int], entered: int, here: Mapping[str, int]) -> str:
    """As Graphviz DOT, with how many are `here` at the end, and how many were taken out of each node by a rule or came
    to the goal there."""
    ways, taken = _ways(document), Counter[str]()
    for one, times in passed.items():
        if not _route(document, ways, one):
            taken[one.source] += times
    said = {
        node: ", ".join(
            text
            for text, number in (
                (f"{here.get(node, 0):,} still here", here.get(node)),
                (f"{taken[node]:,} left by a rule", taken[node]),
            )
            if number
        )
        for node in document.nodes
    }
    went = {edge: f"\u2002{times:,}" for edge, times in counted(document, passed).items()}
    return dot(document, said, went, f"{entered:,} entered")


def _ways(document: Document) -> dict[tuple[str, str], Edge]:
    ways: dict[tuple[str, str], Edge] = {}
    for edge in edges(document):
        ways.setdefault((edge.source, edge.target), edge)
    return ways


def _route(document: Document, ways: Mapping[tuple[str, str], Edge], passage: Passage) -> list[Edge]:
    """One way, or two: whoever's date is not known passes the wait for it without standing there."""
    source, targets = passage.source, _targets(document, passage)
    for target in targets:
        if (source, target) in ways:
            return [ways[source, target]]
    for target in targets:
        for between in document.next_nodes(source):
            if (between, target) in ways:
                return [ways[source, between], ways[between, target]]
    return []


def _targets(document: Document, passage: Passage) -> list[str]:
    if passage.target:
        return [passage.target]
    return [name for name, node in document.of_type(Exit) if node.reason == passage.reason]
