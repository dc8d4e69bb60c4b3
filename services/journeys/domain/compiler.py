"""From a document to Amazon States Language: the same journey as a graph that Step Functions runs and shows.

The data of an execution is flat and holds opaque ids only: `cohort`, `journey`, `version`, `node`, `over`, `cursor`,
`due` and `since` (ISO), `wait_seconds`, and after a task `more`, `early` and `parked`. Every task answers with all of
it again.

States are named after their nodes. What only some people do has no state behind it: they leave for another cohort,
which begins there.

    wait                    a Wait
    send, update, branch …  a Task, which is done again for `more` members, and `early` if clocks differ
    wait_for, survey        a Task for those who come, a Wait for the timeout, a Task for those who are left
    wait_until              a Task that sends everybody to the cohort of their own time; there, a Wait
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, assert_never

from services.journeys.domain.document import Document
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
from services.journeys.domain.states import cuts, exit_at, exits_with_task, shared_way

ROUTE, GATHER, DONE, UNKNOWN = "Route", "Gather", "Done", "Unknown node"
State = dict[str, Any]

_FIELDS = ("cohort", "journey", "version", "cursor", "due", "since")

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
    """The state machine of a document."""
    states: dict[str, State] = {ROUTE: _route(document)}
    if _gathers(document):
        states[GATHER] = _wait("Until everybody of this cohort has arrived", document.start)
    exits = exits_with_task(document)
    for node_id, node in document.nodes.items():
        if not isinstance(node, Exit) or node_id in exits:
            states |= _states_of(document, node_id, node, step_function_arn)
    states[DONE] = {"Type": "Succeed", "Comment": "Everybody of this cohort has moved on or left"}
    states[UNKNOWN] = {
        "Type": "Fail",
        "Comment": "A cohort asked for a node where nobody can join",
        "Error": "UnknownNode",
        "Cause": "The input names a node where no cohort begins",
    }
    return {"Comment": f"Journey {document.name}: {document.title}", "StartAt": ROUTE, "States": states}


def over(node_id: str) -> str:
    """The state for a cohort that begins in the middle of a wait."""
    return f"{node_id} until"


def _gathers(document: Document) -> bool:
    """Must a cohort wait for its members before it acts? One that begins with a wait, or of one person, need not."""
    return bool(document.admission) and not isinstance(document.nodes[document.start], Wait)


def _route(document: Document) -> State:
    """A cohort may begin at any node: by entering, regrouping, going back, migrating, and after a pause."""
    standing = [
        {
            "And": [
                {"Variable": "$.node", "StringEquals": node_id},
                {"Variable": "$.over", "BooleanEquals": True},
            ],
            "Next": over(node_id),
        }
        for node_id, node in document.nodes.items()
        if isinstance(node, WaitFor | Survey | WaitUntil) or node_id in cuts(document)
    ]
    exits = exits_with_task(document)
    coming = [
        {
            "Variable": "$.node",
            "StringEquals": node_id,
            "Next": GATHER if node_id == document.start and _gathers(document) else node_id,
        }
        for node_id, node in document.nodes.items()
        if not isinstance(node, Exit) or node_id in exits
    ]
    return {
        "Type": "Choice",
        "Comment": "Where this cohort begins",
        "Choices": [*standing, *coming],
        "Default": UNKNOWN,
    }


def _states_of(document: Document, node_id: str, node: Node, arn: str) -> dict[str, State]:
    after = _after(document, node_id)
    until = _wait(f"Until the time of this cohort: {_comment(node)}", after)
    if isinstance(node, Wait):
        if node_id in cuts(document):
            return {**_task(node_id, node, arn, DONE), over(node_id): {**until, "Next": node.next}}
        return {node_id: _wait(f"{_comment(node)}, shared by the whole cohort", node.next)}
    if isinstance(node, WaitUntil):
        # A wait behind it must be told its own length, which only a task can.
        if not node.hours and not isinstance(document.nodes[node.next], Wait):
            return {**_task(node_id, node, arn, DONE), over(node_id): {**until, "Next": node.next}}
    elif not isinstance(node, WaitFor | Survey):
        return _task(node_id, node, arn, after)
    goes_on = isinstance(node, WaitFor | Survey) and node_id not in cuts(document)
    return {
        **_task(node_id, node, arn, over(node_id) if goes_on else DONE),
        over(node_id): {**until, "Next": f"{node_id} over"},
        **_task(node_id, node, arn, after, over=True),
    }


def _wait(comment: str, following: str) -> State:
    return {"Type": "Wait", "Comment": comment, "SecondsPath": "$.wait_seconds", "Next": following}


def _task(node_id: str, node: Node, arn: str, after: str, *, over: bool = False) -> dict[str, State]:
    state = f"{node_id} over" if over else node_id
    again, early = f"{state} more?", f"{state} early"
    payload = {f"{name}.$": f"$.{name}" for name in _FIELDS}
    return {
        state: {
            "Type": "Task",
            "Comment": f"The wait is over: {_comment(node)}" if over else _comment(node),
            "Resource": f"arn:{arn.split(':')[1]}:states:::lambda:invoke",
            "Parameters": {"FunctionName": arn, "Payload": {**payload, "node": node_id, "over": over}},
            "OutputPath": "$.Payload",
            "Retry": _RETRY,
            "Next": again,
        },
        again: {
            "Type": "Choice",
            "Comment": "More members to go, or too early, or parked by a pause, or on to the next node",
            "Choices": [
                {"Variable": "$.parked", "BooleanEquals": True, "Next": DONE},
                {"Variable": "$.early", "BooleanEquals": True, "Next": early},
                {"Variable": "$.more", "BooleanEquals": True, "Next": state},
            ],
            "Default": after,
        },
        early: _wait("The clocks differ: the task woke before it was due", state),
    }


def _after(document: Document, node_id: str) -> str:
    """The state after a node's last one. Whatever leads to an exit writes the end down, unless it is a wait."""
    node = document.nodes[node_id]
    target = shared_way(node)
    return DONE if target is None or exit_at(document, target) else target


def _comment(node: Node) -> str:
    """What happens at a node, in a few words."""
    if isinstance(node, Wait):
        return f"Wait {node.length}"
    if isinstance(node, WaitUntil):
        return f"Everybody goes on at a time of their own, to {node.next}"
    if isinstance(node, WaitFor | Survey):
        return f"{_awaited(node)}, then to {node.next}; after {shown(node.timeout)} to {node.otherwise}"
    if isinstance(node, Branch | Split | Jump):
        return _choosing(node)
    if isinstance(node, Exit):
        return f"End: {node.reason}"
    return _asking(node)


def shown(length: timedelta) -> str:
    """A duration for people: `30 days`, `1 day, 12:00:00`."""
    return str(length).removesuffix(", 0:00:00")


def _awaited(node: WaitFor | Survey) -> str:
    if isinstance(node, Survey):
        return f"Ask {node.survey} ({node.question}) and wait for the answer"
    return f"Wait for {node.event or 'a condition'}"


def _choosing(node: Branch | Split | Jump) -> str:
    if isinstance(node, Branch):
        arms = ", ".join(arm.next for arm in node.branches)
        return f"Regroup to {arms}; everybody else goes on to {node.default}"
    if isinstance(node, Split):
        return "By chance: " + ", ".join(f"{arm.percent:g} % to {arm.next}" for arm in node.arms)
    return f"Back to {node.to}, {node.at_most} times at most; then to {node.otherwise}"


def _asking(node: Send | Rotation | Update | Task | Webhook) -> str:
    if isinstance(node, Send):
        return f"Ask for {node.template} by {', '.join(node.channels)}"
    if isinstance(node, Rotation):
        return f"Ask for the next of {', '.join(node.templates)}; who has had all goes to {node.exhausted}"
    if isinstance(node, Update):
        return f"Set {', '.join(node.traits)}"
    if isinstance(node, Task):
        return f"A task ({node.kind}) for {node.owner}: {node.title}"
    if isinstance(node, Webhook):
        return f"Tell {node.sink}"
    assert_never(node)
