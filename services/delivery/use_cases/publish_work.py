"""The outbox of tasks and passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.delivery.domain.contact import Contact, Gone
from services.delivery.domain.work import Pass, Task, outcome_event
from services.delivery.ports.people import Gates
from services.delivery.use_cases.publish_outcomes import Publisher
from services.shared.aws.bus import pack
from services.shared.clock import from_iso
from services.shared.contracts.delivery import (
    Call,
    CallRequested,
    OutcomesObserved,
    PassUpdate,
    PassUpdateRequested,
)
from services.shared.ids import stable_id

Changed = tuple[Task | Pass | None, Task | Pass | None]


class PublishWork:
    """Tells new calls, what came of tasks, and what passes are to show; consumers expect repetition."""

    def __init__(self, *, gates: Gates, bus: Publisher) -> None:
        self._gates = gates
        self._bus = bus

    def run(self, changes: Sequence[Changed]) -> Mapping[str, int]:
        """Publish one batch of the stream; how much of each."""
        tasks = [(old, new) for old, new in changes if isinstance(new, Task)]
        passes = [new for _, new in changes if isinstance(new, Pass)]
        calls = [_call(new) for old, new in tasks if old is None and new.phone and new.status == "open"]
        events = [dict(outcome_event(new)) for old, new in tasks if _closes(old, new)]
        updates = self._updates(passes)
        self._bus.publish(
            [
                *pack(calls, lambda rows: CallRequested(calls=rows)),
                *pack(events, lambda rows: OutcomesObserved(events=rows)),
                *pack(updates, lambda rows: PassUpdateRequested(updates=rows)),
            ]
        )
        return {"calls": len(calls), "closed": len(events), "passes": len(updates)}

    def _updates(self, passes: Sequence[Pass]) -> list[PassUpdate]:
        """Of those who have a pass, or are to get one."""
        contacts = self._gates.reach(one.profile_id for one in passes) if passes else {}
        found = []
        for one in passes:
            contact = contacts.get(one.profile_id)
            pass_id = contact.wallet_pass if isinstance(contact, Contact) else ""
            if isinstance(contact, Gone) or (one.kind == "balance" and not pass_id):
                continue
            found.append(_update(one, pass_id))
        return found


def _closes(old: Task | Pass | None, new: Task) -> bool:
    return bool(new.profile_id) and new.status != "open" and isinstance(old, Task) and old.status == "open"


def _call(task: Task) -> Call:
    return Call(
        task_id=task.task_id,
        profile_id=task.profile_id,
        phone=task.phone,
        title=task.title,
        script=task.script,
        at=from_iso(task.at),
        send_id=task.send_id,
        journey=task.journey,
    )


def _update(one: Pass, pass_id: str) -> PassUpdate:
    return PassUpdate(
        update_id=stable_id("pas", one.profile_id, one.kind, one.at),
        kind=one.kind,
        profile_id=one.profile_id,
        at=from_iso(one.at),
        pass_id=pass_id,
        balance=one.balance,
        tier=one.tier,
    )
