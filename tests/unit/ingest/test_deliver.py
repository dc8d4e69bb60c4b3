"""Deliveries with ports in memory: whatever receivers answer, no delivery is lost and no sink waits for another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.circuit import Answer, Delivered, Failed, Gone, Health
from services.ingest.domain.sinks import Delivery, Sink, read_document
from services.ingest.sinks.deliver import Deliver, Queued
from services.ingest.sinks.ports import Told
from services.shared.clock import FixedClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class FakeSinks:
    def __init__(self, *ids: str) -> None:
        document = read_document({"kind": "webhook", "url": "https://hooks.example.com/"})
        self.sinks = {i: Sink(i, document, NOW) for i in ids}
        self.noted: dict[str, tuple[Health, int]] = {}
        self.lost_races = 0

    def get(self, sink_id: str) -> Sink | None:
        return self.sinks.get(sink_id)

    def overview(self) -> tuple[dict[str, Sink], dict[str, Health]]:
        return dict(self.sinks), {i: health for i, (health, _) in self.noted.items()}

    def put(self, sink: Sink) -> bool:
        raise NotImplementedError

    def remove(self, sink_id: str) -> bool:
        return self.sinks.pop(sink_id, None) is not None

    def health(self, sink_id: str) -> tuple[Health, int]:
        return self.noted.get(sink_id, (Health(), 0))

    def note(self, sink_id: str, health: Health, revision: int) -> bool:
        if self.lost_races or self.health(sink_id)[1] != revision:
            self.lost_races -= 1
            return False
        self.noted[sink_id] = health, revision + 1
        return True

    def forget_health(self, sink_id: str) -> None:
        del self.noted[sink_id]


class FakeForwarding:
    def __init__(self) -> None:
        self.waiting: dict[str, Delivery] = {}
        self.gone: set[str] = set()
        self.broken = False

    def told(self, sinks: Iterable[str], profiles: Iterable[str]) -> Mapping[tuple[str, str], Told]:
        raise NotImplementedError

    def tell(self, sink_id: str, profile_id: str, told: Told) -> None:
        raise NotImplementedError

    def erased(self, profiles: Iterable[str]) -> set[str]:
        return self.gone & set(profiles)

    def erase(self, profiles: Iterable[str], now: datetime) -> int:
        raise NotImplementedError

    def park(self, delivery: Delivery, now: datetime) -> None:
        if self.broken:
            raise OSError("table is away")
        self.waiting[delivery.delivery_id] = delivery

    def parked(self, sink_id: str, now: datetime) -> Iterator[Delivery]:
        yield from [d for d in self.waiting.values() if d.sink_id == sink_id]

    def unpark(self, delivery: Delivery) -> None:
        self.waiting.pop(delivery.delivery_id, None)


class FakeQueue:
    def __init__(self) -> None:
        self.sent: list[Delivery] = []

    def send(self, deliveries: Sequence[Delivery]) -> None:
        self.sent += deliveries


class Receivers:
    """Answers as told, by sink; then 200."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = defaultdict(list)
        self.got: list[str] = []

    def send(self, sink: Sink, delivery: Delivery) -> Answer:
        told = self.answers[sink.sink_id]
        answer = told.pop(0) if told else Delivered()
        if isinstance(answer, Delivered):
            self.got.append(delivery.delivery_id)
        return answer


class World:
    def __init__(self, *ids: str) -> None:
        self.sinks, self.forwarding, self.queue = FakeSinks(*ids), FakeForwarding(), FakeQueue()
        self.receivers, self.clock = Receivers(), FixedClock(NOW)
        self.deliver = Deliver(
            sinks=self.sinks,
            forwarding=self.forwarding,
            queue=self.queue,
            senders={"webhook": self.receivers},
            clock=self.clock,
        )


def queued(sink: str, number: int, receives: int = 1, profile: str = "prf_1") -> Queued:
    name = f"{sink}-{number}"
    rows = ({"profile_id": profile, "version": number},)
    return Queued(name, receives, Delivery(sink, name, "ProfilesChanged.v1", "t", rows))


ANSWER = st.sampled_from([Delivered(), Failed("http_500"), Failed("timeout")])


@settings(max_examples=100)
@given(st.lists(st.lists(ANSWER, max_size=12), min_size=1, max_size=3), st.integers(1, 8))
def test_every_delivery_arrives_waits_or_comes_again(answers: list[list[Answer]], count: int) -> None:
    """I1, I5: whatever the receivers answer; and once they answer well, all of it has arrived."""
    ids = [f"s{i}" for i in range(len(answers))]
    world = World(*ids)
    world.receivers.answers.update(dict(zip(ids, answers, strict=True)))
    pending = {q.message_id: q for q in (queued(i, n) for i in ids for n in range(count))}
    everything = set(pending)
    for _ in range(60):
        tries = world.deliver.deliver(list(pending.values()))
        pending = {i: pending[i] for i in tries.again}
        assert set(world.receivers.got) | set(world.forwarding.waiting) | set(pending) == everything
        world.clock.advance(timedelta(hours=6))
        world.deliver.sweep()
        pending |= {d.delivery_id: Queued(d.delivery_id, 1, d) for d in world.queue.sent}
        world.queue.sent.clear()
    assert set(world.receivers.got) == everything
    assert not world.forwarding.waiting
    assert {health.state for health, _ in world.sinks.noted.values()} == {"active"}


def test_one_sink_s_broken_lane_leaves_the_others_alone_and_comes_again() -> None:
    world = World("bad", "good")
    world.receivers.answers["bad"] = [Failed("http_500")] * 9
    world.forwarding.broken = True
    tries = world.deliver.deliver([queued("bad", n) for n in range(6)] + [queued("good", 0)])
    assert world.receivers.got == ["good-0"]
    assert set(tries.again) == {f"bad-{n}" for n in range(6)}
    assert tries.counts["error_OSError"] == 6
    assert world.sinks.health("bad")[0].failed == 5  # what was attempted is noted all the same


def test_what_there_is_no_time_for_comes_again_at_once() -> None:
    world = World("a")
    left = iter([True, False, False])
    tries = world.deliver.deliver([queued("a", n) for n in range(3)], lambda: next(left))
    assert world.receivers.got == ["a-0"]
    assert tries.again == {"a-1": 0, "a-2": 0}


def test_gone_stops_the_lane_and_unknown_sinks_get_nothing() -> None:
    world = World("a")
    world.receivers.answers["a"] = [Gone()]
    tries = world.deliver.deliver([queued("a", 0), queued("a", 1), queued("nobody", 0)])
    assert (tries.again, world.receivers.got, tries.counts["dropped"]) == ({}, [], 3)


def test_an_erased_person_is_left_out() -> None:
    """F25."""
    world = World("a")
    world.forwarding.gone = {"prf_1"}
    tries = world.deliver.deliver([queued("a", 0), queued("a", 1, profile="prf_2")])
    assert (world.receivers.got, tries.again) == (["a-1"], {})


def test_figures_survive_a_lost_race() -> None:
    world = World("a")
    world.sinks.lost_races = 3
    world.deliver.deliver([queued("a", 0)])
    assert world.sinks.health("a")[0].delivered == 1
