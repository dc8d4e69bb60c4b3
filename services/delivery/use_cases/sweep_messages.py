"""What became of messages whose answer never came: given up, or repeated once where that is the lesser harm. And
those that a provider could not take yet: attempted again until they are too old."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice

from services.delivery.domain import protocol
from services.delivery.domain.message import OPEN, WAITING, Message
from services.delivery.ports.messages import Messages
from services.delivery.use_cases.amend import amend
from services.delivery.use_cases.send_messages import PACED, NotSentYet, SendMessages
from services.shared.aws.parallel import done, each
from services.shared.clock import Clock, from_iso

PORTION = 60
"""Messages read at once, of which each person's go in their order."""


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
        run = _Run(go_on)
        now = self._clock.now()
        self._sending.refresh()
        for portion in _portions(self._messages.open_before(now - self._after)):
            self._work(portion, now, run)
        for portion in _portions(self._messages.retry_before(now - protocol.RETRY_AFTER)):
            self._work(portion, now, run)
        if run.errors:
            raise run.errors[0]
        return run.counts

    def _work(self, send_ids: list[str], now: datetime, run: _Run) -> None:
        """Some messages, many people at once: service messages first, and each person's one after another in their
        order."""
        if not run.go_on():
            run.counts["left"] += len(send_ids)
            return
        found = each(self._messages.get, send_ids)
        run.errors += [one for one in found if isinstance(one, Exception)]
        due = [one for one in found if isinstance(one, Message) and self._is_due(one, now)]
        run.counts["moved"] += len(send_ids) - len(due)  # the index lags: by now another attempt may hold it
        people: dict[str, list[Message]] = defaultdict(list)
        for message in sorted(due, key=_order):
            people[message.subject or message.send_id].append(message)
        done(each(lambda one: self._person(one, now, run), people.values()))

    def _person(self, messages: list[Message], now: datetime, run: _Run) -> None:
        for message in messages:
            if not run.go_on() or (run.paced and message.is_commercial):
                run.counts["left"] += 1
                continue
            try:
                fate = self._settle(message, now)
            except NotSentYet:
                fate = "postponed"
            except Exception as error:  # one message's trouble must not keep those behind it waiting
                run.errors.append(error)
                continue
            run.counts[fate] += 1
            run.paced = run.paced or fate == PACED

    def _is_due(self, message: Message, now: datetime) -> bool:
        waits = {**dict.fromkeys(WAITING, protocol.RETRY_AFTER), **dict.fromkeys(OPEN, self._after)}
        return message.status in waits and now - from_iso(message.claimed_at) > waits[message.status]

    def _settle(self, message: Message, now: datetime) -> str:
        if protocol.expired(message, now):
            return amend(self._messages, message, lambda current: protocol.expired(current, now)).status
        if message.status in WAITING:
            return self._sending.retry(message)
        if protocol.may_resend(message):
            return self._sending.resend(message)
        return self._sending.give_up(message)


class _Run:
    """What a run has met so far. `paced`: the channel's pace is used up, so commercial messages stay where they are."""

    def __init__(self, go_on: Callable[[], bool]) -> None:
        self.go_on = go_on
        self.counts: Counter[str] = Counter()
        self.errors: list[Exception] = []
        self.paced = False


def _order(message: Message) -> tuple[bool, int, str, str]:
    return message.is_commercial, -message.priority, message.requested_at, message.send_id


def _portions(send_ids: Iterable[str]) -> Iterator[list[str]]:
    ids = iter(send_ids)
    while portion := list(islice(ids, PORTION)):
        yield portion
