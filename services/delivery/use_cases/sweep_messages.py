"""What became of messages whose answer never came: given up, or repeated once where that is the lesser harm. And
those that a provider could not take yet: attempted again until they are too old."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import chain

from services.delivery.domain import protocol
from services.delivery.domain.message import OPEN, WAITING, Message
from services.delivery.ports import Messages
from services.delivery.use_cases.amend import amend
from services.delivery.use_cases.send_messages import NotSentYet, SendMessages
from services.shared.clock import Clock, from_iso

RETRY_AFTER = timedelta(seconds=60)
"""How long a provider that could not take a message is left in peace."""


class SweepMessages:
    """Settles what feedback has not settled within `after`, and attempts again what did not leave."""

    def __init__(self, *, messages: Messages, sending: SendMessages, clock: Clock, after: timedelta) -> None:
        self._messages = messages
        self._sending = sending
        self._clock = clock
        self._after = after

    def run(self, go_on: Callable[[], bool]) -> Mapping[str, int]:
        """Take what is due while `go_on`; how many ended in which status.

        Raises:
            Exception: what the first message that could not be taken met, after all others were.
        """
        counts: Counter[str] = Counter()
        errors: list[Exception] = []
        now = self._clock.now()
        self._sending.refresh()
        due = chain(
            self._messages.open_before(now - self._after), self._messages.retry_before(now - RETRY_AFTER)
        )
        for send_id in due:
            if not go_on():
                counts["left"] += 1
                break
            try:
                counts[self._take(send_id, now)] += 1
            except Exception as error:  # one message's trouble must not keep those behind it waiting
                errors.append(error)
        if errors:
            raise errors[0]
        return counts

    def _take(self, send_id: str, now: datetime) -> str:
        message = self._messages.get(send_id)
        if message is None or not self._is_due(message, now):
            return "moved"  # the index lags: by now another attempt may hold it
        try:
            return self._settle(message, now)
        except NotSentYet:
            return "postponed"

    def _is_due(self, message: Message, now: datetime) -> bool:
        waits = {**dict.fromkeys(WAITING, RETRY_AFTER), **dict.fromkeys(OPEN, self._after)}
        return message.status in waits and now - from_iso(message.claimed_at) > waits[message.status]

    def _settle(self, message: Message, now: datetime) -> str:
        if protocol.expired(message, now):
            return amend(self._messages, message, lambda current: protocol.expired(current, now)).status
        if message.status in WAITING:
            return self._sending.retry(message)
        if protocol.may_resend(message):
            return self._sending.resend(message)
        return self._sending.give_up(message)
