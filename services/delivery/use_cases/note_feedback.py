"""What providers report: written on the message, and remembered as suppression where it must be."""

from __future__ import annotations

from services.delivery.domain import protocol
from services.delivery.domain.feedback import Feedback
from services.delivery.domain.message import Message
from services.delivery.ports.messages import Messages
from services.delivery.ports.people import Gates
from services.delivery.ports.pressure import Ledgers
from services.delivery.use_cases.amend import amend

SUPPRESSING = frozenset({"bounced", "complained"})

ACTIVE = frozenset({"opened", "clicked"})
"""What people do who read what they are sent; what machines do has other marks."""

FOREIGN = "foreign"
UNKEPT = "unkept"


class NoteFeedback:
    """Feedback in any order, any number of times."""

    def __init__(self, *, messages: Messages, gates: Gates, ledgers: Ledgers) -> None:
        self._messages = messages
        self._gates = gates
        self._ledgers = ledgers

    def note(self, feedback: Feedback) -> str:
        """Note one report; its kind, or `FOREIGN` for a message that is not one of ours, or `UNKEPT` for one of which
        nothing is kept: it was forgotten, or the report is quicker than the answer with which it will be."""
        if not feedback.send_id:
            return FOREIGN
        message = self._seen(feedback)
        if message is None:
            return UNKEPT
        if feedback.kind == "subscription":
            return feedback.kind
        if feedback.kind in SUPPRESSING and message.address_key:
            self._gates.suppress(message.address_key, message.channel, feedback.kind, feedback.at)
        after = amend(self._messages, message, lambda m: protocol.fed_back(m, feedback))
        if feedback.kind in ACTIVE and feedback.kind in after.marks and after.subject:
            self._ledgers.note_active(after.subject, feedback.at)
        return feedback.kind

    def _seen(self, feedback: Feedback) -> Message | None:
        """The message, a moment old where that does no harm: it is changed only as it stands, and what it holds of this
        report already, it will hold. A suppression needs the address by which it left."""
        if feedback.kind not in SUPPRESSING:
            glance = self._messages.known([feedback.send_id])
            if feedback.send_id in glance:
                return glance[feedback.send_id]
        return self._messages.get(feedback.send_id)
