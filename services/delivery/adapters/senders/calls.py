"""Calls: a task for whoever phones."""

from __future__ import annotations

from services.delivery.adapters.senders.attempt import attempt
from services.delivery.domain.protocol import Answer, Sent
from services.delivery.domain.work import Task
from services.delivery.ports.messages import Outgoing
from services.delivery.ports.work import Work
from services.shared.clock import to_iso


class CallSender:
    """Keeps the task; its table's stream tells it on the bus."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def send(self, outgoing: Outgoing) -> Answer:
        task_id = f"call-{outgoing.send_id}"
        task = Task(
            task_id=task_id,
            kind="call",
            profile_id=outgoing.profile_id,
            title=outgoing.content.subject,
            at=to_iso(outgoing.at),
            reason=f"template:{outgoing.template}",
            phone=outgoing.to,
            script=outgoing.content.text,
            send_id=outgoing.send_id,
            journey=outgoing.journey,
        )
        return attempt(lambda: self._work.add_task(task), lambda _: Sent(task_id))
