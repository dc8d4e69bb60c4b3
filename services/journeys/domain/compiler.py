"""From a document to Amazon States Language: the same journey as a graph that Step Functions runs and shows.

The data of an execution is flat and holds opaque ids only: `cohort`, `journey`, `version`, `node`, `cursor`,
`due` and `since` (ISO), `wait_seconds`, and after a task `more` and `early`. Every task answers with all of it again.
"""

from __future__ import annotations

from typing import Any, assert_never

from services.journeys.domain import graph
from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Branch, Exit, Send, Wait

ROUTE, GATHER, DONE, UNKNOWN = "Route", "Gather", "Done", "Unknown node"
State = dict[str, Any]

# About half a day: a bad deployment or an outage must not end a cohort.
_RETRY = [
    {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 2,
        "MaxAttempts": 150,
        "BackoffRate": 2,
        "MaxDelaySeconds": 300,
        "JitterStrategy": "FULL",
    }
]


def compile_document(document: Document, *, step_function_arn: str) -> dict[str, Any]:
    """The state machine of a document; states are named after its nodes.

    Where cohorts begin at more than one node, the first state routes to it. A way out of a branch that is not its
    default has no state after the branch: its people have left for another cohort, which begins there.
    """
    ways = _ways(document)
    states: dict[str, State] = _routing(ways) if len(ways) > 1 else {}
    if not isinstance(document.nodes[document.start], Wait):
        states[GATHER] = {
            "Type": "Wait",
            "Comment": "Until everybody of this cohort has arrived",
            "SecondsPath": "$.wait_seconds",
            "Next": document.start,
        }
    tasks_of_exits = graph.exits_after_wait(document)
    for node_id, node in document.nodes.items():
        if isinstance(node, Wait):
            states[node_id] = _wait(node)
        elif not isinstance(node, Exit) or node_id in tasks_of_exits:
            states |= _task(document, node_id, step_function_arn)
    states[DONE] = {"Type": "Succeed", "Comment": "Everybody of this cohort has moved on or left"}
    start = ROUTE if len(ways) > 1 else ways[0][1]
    return {"Comment": f"Journey {document.name}: {document.title}", "StartAt": start, "States": states}


def _ways(document: Document) -> list[tuple[str, str]]:
    """Where cohorts begin, and the state that is: the document's start, and what a branch regroups to."""
    first = document.start if isinstance(document.nodes[document.start], Wait) else GATHER
    return [(document.start, first), *((node_id, node_id) for node_id in graph.regrouped(document))]


def _routing(ways: list[tuple[str, str]]) -> dict[str, State]:
    return {
        ROUTE: {
            "Type": "Choice",
            "Comment": "Where this cohort begins",
            "Choices": [{"Variable": "$.node", "StringEquals": at, "Next": state} for at, state in ways],
            "Default": UNKNOWN,
        },
        UNKNOWN: {
            "Type": "Fail",
            "Comment": "A cohort asked for a node where nobody can join",
            "Error": "UnknownNode",
            "Cause": "The input names a node where no cohort begins",
        },
    }


def _wait(node: Wait) -> State:
    return {
        "Type": "Wait",
        "Comment": f"Wait {node.length}, shared by the whole cohort",
        "SecondsPath": "$.wait_seconds",
        "Next": node.next,
    }


def _task(document: Document, node_id: str, step_function_arn: str) -> dict[str, State]:
    again, early = f"{node_id} more?", f"{node_id} early"
    payload = {
        f"{name}.$": f"$.{name}" for name in ("cohort", "journey", "version", "cursor", "due", "since")
    }
    return {
        node_id: {
            "Type": "Task",
            "Comment": _comment(document, node_id),
            "Resource": f"arn:{step_function_arn.split(':')[1]}:states:::lambda:invoke",
            "Parameters": {"FunctionName": step_function_arn, "Payload": {**payload, "node": node_id}},
            "OutputPath": "$.Payload",
            "Retry": _RETRY,
            "Next": again,
        },
        again: {
            "Type": "Choice",
            "Comment": "More members to go, or too early, or on to the next node",
            "Choices": [
                {"Variable": "$.early", "BooleanEquals": True, "Next": early},
                {"Variable": "$.more", "BooleanEquals": True, "Next": node_id},
            ],
            "Default": _after(document, node_id),
        },
        early: {
            "Type": "Wait",
            "Comment": "The clocks differ: the task woke before it was due",
            "SecondsPath": "$.wait_seconds",
            "Next": node_id,
        },
    }


def _after(document: Document, node_id: str) -> str:
    target = inline_next(document, node_id)
    return DONE if target is None or isinstance(document.nodes[target], Exit) else target


def inline_next(document: Document, node_id: str) -> str | None:
    """The node where a cohort goes on together after `node_id`; `None` after an exit."""
    node = document.nodes[node_id]
    if isinstance(node, Exit):
        return None
    return node.default if isinstance(node, Branch) else node.next


def _comment(document: Document, node_id: str) -> str:
    node = document.nodes[node_id]
    if isinstance(node, Send):
        return f"Ask for {node.template} by {', '.join(node.channels)}"
    if isinstance(node, Branch):
        arms = ", ".join(arm.next for arm in node.branches)
        return f"Regroup to {arms}; everybody else goes on to {node.default}"
    if isinstance(node, Exit):
        return f"End: {node.reason}"
    if isinstance(node, Wait):
        raise TypeError("a wait is not a task")
    assert_never(node)
