"""What became of messages whose answer never came: given up, or repeated once where that is the lesser harm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta

from services.delivery.domain import protocol
from services.delivery.ports import Messages
from services.delivery.use_cases.send_messages import NotSentYet, SendMessages
from services.shared.clock import Clock


class SweepMessages:
    """Settles what feedback has not settled within `after`."""

    def __init__(self, *, messages: Messages, sending: SendMessages, clock: Clock, after: timedelta) -> None:
        self._messages = messages
        self._sending = sending
        self._clock = clock
        self._after = after

    def run(self, go_on: Callable[[], bool]) -> Mapping[str, int]:
        """Settle what is due while `go_on`; how many ended in which status."""
        counts: Counter[str] = Counter()
        for send_id in self._messages.open_before(self._clock.now() - self._after):
            if not go_on():
                counts["left"] += 1
                break
            counts[self._settle(send_id)] += 1
        return counts

    def _settle(self, send_id: str) -> str:
        message = self._messages.get(send_id)
        if message is None:
            return "gone"
        if not protocol.may_resend(message):
            return self._sending.give_up(message)
        try:
            return self._sending.resend(message)
        except NotSentYet:
            return "postponed"
