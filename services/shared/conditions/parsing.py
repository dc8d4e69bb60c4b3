"""From JSON to the validated, compiled tree; all that is wrong is told at once, each with its path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from services.shared.conditions import leaves
from services.shared.conditions.events import event_leaf
from services.shared.conditions.limits import MAX_TRACKS
from services.shared.conditions.nodes import Condition, Group, Leaf, Node, combine
from services.shared.conditions.reading import Keys, Problems
from services.shared.conditions.relations import relation_leaf
from services.shared.conditions.sequences import sequence_leaf

GROUPS = ("all", "any", "none")
LEAVES: Mapping[str, Callable[[Keys], Leaf | None]] = {
    "fact": partial(leaves.value_leaf, kind="fact"),
    "trait": partial(leaves.value_leaf, kind="trait"),
    "score": leaves.score_leaf,
    "segment": leaves.segment_leaf,
    "stage": leaves.stage_leaf,
    "fit": leaves.fit_leaf,
    "cell": leaves.cell_leaf,
    "consent": leaves.consent_leaf,
    "bucket": leaves.bucket_leaf,
    "relation": relation_leaf,
    "event": event_leaf,
    "sequence": sequence_leaf,
}
HEADS = (*GROUPS, *LEAVES)


def parse(document: Any) -> Condition:
    """The condition that a JSON value describes.

    Raises:
        InvalidCondition: up to 20 rules, in its message as `path: rule; path: rule` (`all.0.gte: ...`).
    """
    problems = Problems()
    root = _node(document, "", 1, problems)
    problems.refuse()
    assert root is not None  # nothing was wrong
    found = tuple(_leaves(root))
    if len({track.signature for leaf in found for track in leaf.tracks}) > MAX_TRACKS:
        problems.add("", f"watches more than {MAX_TRACKS} kinds of events; share or split it")
    problems.refuse()
    return Condition(root.document, root, found, tuple(leaf for leaf in found if leaf.moments))


def _node(document: Any, path: str, depth: int, problems: Problems) -> Node | None:
    if not problems.admit(path, depth):
        return None
    if not isinstance(document, dict):
        problems.add(path, "must be an object")
        return None
    heads = [key for key in HEADS if key in document]
    if len(heads) != 1:
        problems.add(path, f"must have exactly one of {', '.join(HEADS)}")
        return None
    if heads[0] in GROUPS:
        return _group(document, heads[0], path, depth, problems)
    return LEAVES[heads[0]](Keys(document, path, problems, depth))


def _group(
    document: dict[str, Any], operator: Any, path: str, depth: int, problems: Problems
) -> Group | None:
    for extra in sorted(str(key) for key in document if key != operator):
        problems.add(f"{path}{extra}", f"does not belong beside {operator}")
    children = document[operator]
    if not isinstance(children, list) or not children:
        problems.add(f"{path}{operator}", "must be a list of at least one condition")
        return None
    nodes = [_node(child, f"{path}{operator}.{i}.", depth + 1, problems) for i, child in enumerate(children)]
    sound = tuple(node for node in nodes if node is not None)
    if len(sound) < len(nodes):
        return None
    return Group(
        operator,
        sound,
        {operator: [node.document for node in sound]},
        combine(operator, tuple(node.check for node in sound)),
        any(node.timed for node in sound),
    )


def _leaves(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
        return
    for child in node.children:
        yield from _leaves(child)
