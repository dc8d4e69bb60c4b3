"""To which message of a walk it is put down that the walk reached its goal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.delivery.domain.message import Message
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.journeys import Enrolment

CONVERTED = "converted"
GOAL = "goal"
"""Why a walk ended that reached its goal in time."""


def attributed(messages: Iterable[Message], walk: Enrolment) -> Message | None:
    """The message that is told that it converted: the last that went out before the goal. `None`: none did (somebody
    of a control group, say), or one has been told already."""
    own = [message for message in messages if message.enrolment_id == walk.enrolment_id]
    if any(CONVERTED in message.marks for message in own):
        return None
    met = [one for one in own if one.status == "sent" and from_iso(one.updated_at) <= walk.at]
    return max(met, key=lambda one: (one.updated_at, one.send_id), default=None)


def converted(message: Message, walk: Enrolment, at: datetime) -> Message | None:
    """The message with the conversion of `at`, once."""
    if CONVERTED in message.marks:
        return None
    marks = {**message.marks, CONVERTED: to_iso(at)}
    return replace(message, marks=marks, revenue=walk.worth, currency=walk.currency)
