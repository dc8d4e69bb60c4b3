"""What people and printers are asked to do, and what a wallet pass shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from services.shared.clock import to_iso
from services.shared.errors import Conflict

Fate = Literal["done", "failed"]

WRONG_NUMBER = "wrong_number"
"""An outcome by which nobody is to phone there again."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something that somebody is asked to do for a person; moments are ISO 8601 in UTC, what is not known is empty.

    `kind` is `call`, `print`, `sales` or `task`; a `call` that is a message (`send_id`) has the number to phone and
    what to say. `outcome` is the word, and `note` the sentence, of whoever closed it.
    """

    task_id: str
    kind: str
    at: str
    profile_id: str = ""
    title: str = ""
    owner: str = ""
    reason: str = ""
    phone: str = ""
    script: str = ""
    send_id: str = ""
    journey: str = ""
    status: str = "open"
    outcome: str = ""
    note: str = ""
    closed_at: str = ""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One letter for the printer."""

    send_id: str
    at: str
    letterbox: str
    pack: str = ""
    text: str = ""
    profile_id: str = ""
    name: str = ""
    sample: str = ""


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What the pass of a profile is to show since `at`; `kind` is what is asked of its issuer."""

    profile_id: str
    at: str
    kind: Literal["issue", "balance"] = "balance"
    balance: int = 0
    tier: str = ""


def closed(task: Task, status: Fate, outcome: str, note: str, at: datetime) -> Task | None:
    """The task that somebody closed; `None`: it was closed like this before.

    Raises:
        Conflict: `task_closed`, it was closed otherwise.
    """
    if task.status == "open":
        return replace(task, status=status, outcome=outcome, note=note, closed_at=to_iso(at))
    if (task.status, task.outcome) != (status, outcome):
        raise Conflict("task_closed", f"task {task.task_id} is {task.status} already")
    return None


def outcome_event(task: Task) -> Mapping[str, Any]:
    """A closed task as a customer event in Segment's shape, for ingest's front door."""
    return {
        "type": "track",
        "event": "Task Done" if task.status == "done" else "Task Failed",
        "messageId": f"{task.task_id}-{task.status}",
        "timestamp": task.closed_at,
        "profileId": task.profile_id,
        "properties": {
            "task_id": task.task_id,
            "kind": task.kind,
            "title": task.title,
            "outcome": task.outcome,
            "campaign_id": task.journey,
            "channel": "phone" if task.kind == "call" else "other",
        },
    }
