"""What journeys reached, written on the message that it is put down to."""

from __future__ import annotations

from collections.abc import Iterable

from services.delivery.domain.message import Message
from services.delivery.domain.reports.conversion import GOAL, attributed, converted
from services.delivery.ports.messages import Messages
from services.delivery.use_cases.amend import amend
from services.shared.contracts.journeys import Enrolment

SEEN = 200
"""Latest messages of a person that are looked through for those of the walk."""


class NoteConversions:
    """The same ends again change nothing."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def note(self, ended: Iterable[Enrolment]) -> int:
        """Note the goals that walks reached; how many messages are told."""
        told = 0
        for walk in ended:
            if walk.reason != GOAL:
                continue
            found = attributed(self._messages.of_profile(walk.profile_id, SEEN), walk)
            if found is not None:
                told += self._tell(found, walk)
        return told

    def _tell(self, found: Message, walk: Enrolment) -> bool:
        return amend(self._messages, found, lambda message: converted(message, walk, walk.at)) != found
