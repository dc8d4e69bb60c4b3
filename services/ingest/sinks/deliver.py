"""Deliveries to sinks: one attempt a try, a lane per sink, and a place to wait while a sink does not answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from services.ingest.domain.circuit import Answer, Delivered, Gone, Health, after, half_open, retry_delay
from services.ingest.domain.sinks import Delivery, Sink
from services.ingest.sinks.ports import DeliveryQueue, Forwarding, Sender, Sinks
from services.shared.aws.parallel import each
from services.shared.clock import Clock

NOTE_ATTEMPTS = 10
PROBES = 10
"""Parked deliveries of which one is the probe, another after each failure: the oldest may be one that the receiver
will never take."""

DRAIN = 500
"""Parked deliveries that go back to the queue in one sweep."""


@dataclass(frozen=True)
class Queued:
    """A delivery from the queue: its message, how often it was received (this time included), and what it is."""

    message_id: str
    receives: int
    delivery: Delivery


@dataclass
class Tries:
    """A batch: messages that are to come again, with the seconds until then, and counts of what happened."""

    again: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


class Deliver:
    """The use case; `go_on` says whether there is time for another attempt."""

    def __init__(
        self,
        *,
        sinks: Sinks,
        forwarding: Forwarding,
        queue: DeliveryQueue,
        senders: Mapping[str, Sender],
        clock: Clock,
    ) -> None:
        self._sinks = sinks
        self._forwarding = forwarding
        self._queue = queue
        self._senders = senders
        self._clock = clock

    def deliver(self, batch: Sequence[Queued], go_on: Callable[[], bool] = lambda: True) -> Tries:
        """Try each once; sinks side by side, the deliveries of one after another."""
        lanes: dict[str, list[Queued]] = defaultdict(list)
        for queued in batch:
            lanes[queued.delivery.sink_id].append(queued)
        tries = Tries()
        tried = each(lambda lane: self._lane(lane, go_on), lanes.values())
        for lane, part in zip(lanes.values(), tried, strict=True):
            if isinstance(
                part, Exception
            ):  # one sink's trouble does not keep the others from their deliveries
                tries.again |= {queued.message_id: retry_delay(queued.receives) for queued in lane}
                tries.counts[f"error_{type(part).__name__}"] += len(lane)
            else:
                tries.again |= part.again
                tries.counts += part.counts
        return tries

    def sweep(self, go_on: Callable[[], bool] = lambda: True) -> Counter[str]:
        """Knock again on the doors whose pause is over, let go what waits for those that open, and drop what waits
        for sinks that are no more."""
        counts: Counter[str] = Counter()
        registered, healths = self._sinks.overview()
        for sink_id, health in healths.items():
            if not go_on():
                break
            sink = registered.get(sink_id)
            if sink is None or health.state == "disabled":
                counts["dropped"] += self._drop(sink_id, forget=sink is None)
                continue
            if health.state == "paused" and not self._probe(sink, health, counts):
                continue
            counts["released"] += self._release(sink_id)
        return counts

    def _lane(self, lane: Sequence[Queued], go_on: Callable[[], bool]) -> Tries:
        sink_id = lane[0].delivery.sink_id
        sink = self._sinks.get(sink_id)
        health = self._sinks.health(sink_id)[0]
        erased = self._forwarding.erased({p for queued in lane for p in queued.delivery.profiles()})
        tries = Tries()
        answers: list[Answer] = []
        try:
            for queued in lane:
                delivery = queued.delivery.without(erased)
                now = after(health, answers, self._clock.now())
                if sink is None or delivery is None or now.state == "disabled":
                    tries.counts["dropped"] += 1
                elif now.state == "paused":
                    self._park(delivery, tries)
                elif not go_on():
                    tries.again[queued.message_id] = 0
                else:
                    answer = self._senders[sink.document.kind].send(sink, delivery)
                    answers.append(answer)
                    self._settle(queued, delivery, answer, after(health, answers, self._clock.now()), tries)
        finally:  # what was attempted is noted whatever came after
            self._note(sink_id, answers)
        return tries

    def _settle(
        self, queued: Queued, delivery: Delivery, answer: Answer, health: Health, tries: Tries
    ) -> None:
        if isinstance(answer, Delivered):
            tries.counts["delivered"] += 1
        elif isinstance(answer, Gone):
            tries.counts["dropped"] += 1
        elif health.state == "paused":
            tries.counts[answer.error] += 1
            self._park(delivery, tries)
        else:
            tries.counts[answer.error] += 1
            tries.again[queued.message_id] = retry_delay(queued.receives)

    def _park(self, delivery: Delivery, tries: Tries) -> None:
        self._forwarding.park(delivery, self._clock.now())
        tries.counts["parked"] += 1

    def _note(self, sink_id: str, answers: Sequence[Answer]) -> None:
        """Losing every round loses only figures; the attempts themselves were made and must not be repeated."""
        if answers:
            self._change(sink_id, lambda health: after(health, answers, self._clock.now()))

    def _change(self, sink_id: str, change: Callable[[Health], Health]) -> None:
        for _ in range(NOTE_ATTEMPTS):
            health, revision = self._sinks.health(sink_id)
            if self._sinks.note(sink_id, change(health), revision):
                return

    def _probe(self, sink: Sink, health: Health, counts: Counter[str]) -> bool:
        """Is the sink, whose pause may be over, open again?"""
        if health.paused_until is not None and self._clock.now() < health.paused_until:
            return False
        waiting = list(islice(self._forwarding.parked(sink.sink_id, self._clock.now()), PROBES))
        if not waiting:
            self._change(sink.sink_id, half_open)
            return True
        probe = waiting[health.pauses % len(waiting)]
        answer = self._senders[sink.document.kind].send(sink, probe)
        self._note(sink.sink_id, [answer])
        counts["probed"] += 1
        if isinstance(answer, Delivered):
            self._forwarding.unpark(probe)
        return isinstance(answer, Delivered)

    def _release(self, sink_id: str) -> int:
        """Back to the queue, each with all its tries; repeated by a crash, under the same ids."""
        released = 0
        for delivery in islice(self._forwarding.parked(sink_id, self._clock.now()), DRAIN):
            self._queue.send([delivery])
            self._forwarding.unpark(delivery)
            released += 1
        return released

    def _drop(self, sink_id: str, *, forget: bool) -> int:
        dropped = 0
        for delivery in islice(self._forwarding.parked(sink_id, self._clock.now()), DRAIN):
            self._forwarding.unpark(delivery)
            dropped += 1
        if forget and dropped < DRAIN:
            self._sinks.forget_health(sink_id)
        return dropped
