"""Plays the schedule rules by the virtual clock: the emulator would fire them by the real one.

The rules are switched off there, and their Lambda targets invoked from here, as often as the virtual clock asks but
at most twice a real second each (once in three seconds those of an hour or longer), one call in flight: a sweep that
runs late finds more to do, never something else.

Four kinds are played only when the system is at rest: delivery's sweeper gives up on providers' answers that have been
missing for a quarter of an hour, and a virtual quarter of an hour is over before a real answer can arrive; and the
lake's compaction, which would find finished days without end at a day every fraction of a second. And the reader of
mention feeds: those are outside, where time does not run faster. And the anchors of the consent ledger: one an hour of
virtual time would sign every fraction of a second.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local.virtual_clock import VirtualClock

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SHORTEST_PAUSE = 0.5
_PAUSE_OF_LONG_ONES = 3.0
"""Hours are over before a function has answered; each call takes from the machine what the replay needs."""

_PATIENCE = 10.0
SIDE_BY_SIDE = 4
"""At rest, when most of them start cold."""
_AT_REST = ("-delivery-", "-Compact", "-Feeds", "-Anchor")


class UnknownSchedule(ValueError):
    """A schedule that can't be played by the virtual clock (only `rate(…)` can)."""


@dataclass(frozen=True)
class Scheduled:
    """A function to invoke every `every` of virtual time."""

    rule: str
    every: timedelta
    function: str


def every(expression: str) -> timedelta:
    """The period of a `rate(…)`.

    Raises:
        UnknownSchedule: it is another kind of expression.
    """
    match = _RATE.fullmatch(expression)
    if not match:
        raise UnknownSchedule(f"can't play the schedule {expression!r} by the virtual clock")
    return timedelta(**{f"{match.group(2)}s": int(match.group(1))})


def take_over(events: Any) -> list[Scheduled]:
    """Switch off every schedule rule of the emulator; what they would have invoked."""
    scheduled = []
    for rule in events.list_rules()["Rules"]:
        if not rule.get("ScheduleExpression"):
            continue
        events.disable_rule(Name=rule["Name"])
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            scheduled.append(Scheduled(rule["Name"], every(rule["ScheduleExpression"]), target["Arn"]))
    return scheduled


class Player:
    """Invokes each scheduled function on a thread of its own until `stop`."""

    def __init__(self, scheduled: list[Scheduled], clock: VirtualClock, lambda_client: Any) -> None:
        self.calls = 0
        self.failures: list[str] = []
        self._clock = clock
        self._lambda = lambda_client
        self._stopping = threading.Event()
        self._scheduled = scheduled
        self._threads = [
            threading.Thread(target=self._play, args=(item,), name=f"schedule {item.rule}", daemon=True)
            for item in scheduled
            if not any(part in item.function for part in _AT_REST)
        ]

    def start(self) -> None:
        """Begin to play."""
        for thread in self._threads:
            thread.start()

    def play_once(self) -> None:
        """Invoke every schedule once, those for times of rest as well; those of one function one after the other, or
        each would start a worker of its own."""
        by_function: defaultdict[str, list[Scheduled]] = defaultdict(list)
        for item in self._scheduled:
            by_function[item.function].append(item)

        def play(items: list[Scheduled]) -> None:
            for item in items:
                self._invoke(item, self._clock.now())

        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(play, by_function.values()))

    def stop(self) -> None:
        """Stop after the calls in flight, but wait for all of them together no longer than `_PATIENCE`: on a busy
        machine some take minutes, and who ends a run wants it to end."""
        self._stopping.set()
        deadline = time.monotonic() + _PATIENCE
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=max(0.0, deadline - time.monotonic()))

    def _play(self, item: Scheduled) -> None:
        last = self._clock.now()
        pause = _SHORTEST_PAUSE if item.every < timedelta(hours=1) else _PAUSE_OF_LONG_ONES
        while not self._stopping.wait(pause):
            now = self._clock.now()
            if now - last >= item.every:
                last = now
                self._invoke(item, now)

    def _invoke(self, item: Scheduled, now: datetime) -> None:
        event = {
            "source": "aws.events",
            "detail-type": "Scheduled Event",
            "time": now.isoformat(),
            "resources": [item.rule],
            "detail": {},
        }
        answer = self._lambda.invoke(FunctionName=item.function, Payload=json.dumps(event).encode())
        answer["Payload"].read()
        self.calls += 1
        if "FunctionError" in answer:
            self.failures.append(item.rule)
