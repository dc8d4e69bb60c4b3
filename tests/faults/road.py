"""A short road through ingest, step by step: a step, and everything after it until all is quiet; what it ends in; and a
way back to where a step began."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from services.ingest.adapters.dynamo_records import DynamoRecords
from services.ingest.bootstrap import doors, profiles
from services.ingest.domain.profile import Profile
from services.shared.aws.clients import client
from services.shared.aws.dynamo import Table
from services.shared.clock import Clock, FixedClock
from services.shared.contracts.ingest import ProfilesChanged, ProfilesMerged
from tests.faults.ear import Ear
from tests.faults.steps import NOW, Step
from tests.faults.wire import Crash, Wire
from tests.integration.ingest.conftest import ENV, REGION, World

ROUNDS = 12
"""How often a step's work may come again before it has to be done."""

_clock = FixedClock(NOW)


def clock() -> Clock:
    """The stage's clock: it stands still."""
    return _clock


State = dict[str, Any]


@dataclass
class Snapshot:
    """Where a step began."""

    tables: dict[str, Any]
    read_to: str
    objects: set[str]
    ear: Ear


class Road:
    """Drives steps through the handlers as SQS, the table's stream and a client would."""

    def __init__(self, world: World, wire: Wire) -> None:
        self._world, self.wire = world, wire
        self.ear = Ear()
        self._in_hand: list[dict[str, Any]] = []
        self._to_tell: list[dict[str, Any]] = []

    def walk(self, step: Step) -> None:
        """Everything that follows from a step, until nothing is left to do."""
        self.post(step)
        self.settle(self._world.take())

    def post(self, step: Step) -> None:
        """The client repeats its request until it is answered; the bus's messages are in the queue."""
        for _ in range(ROUNDS):
            answer = self._survived(lambda: self._world.post("/v1/batch", {"batch": list(step.batch)}))
            if answer is not None and answer[0] == 200:
                break
        else:
            raise AssertionError("the door never answered")
        for body in step.bus:
            self._world.enqueue(json.dumps(body))

    def settle(self, records: list[dict[str, Any]]) -> None:
        """Deliver messages until all are done, and the stream's records after each delivery."""
        for _ in range(ROUNDS):
            if not records:
                return
            self._in_hand = records
            failed = self.consume_once(records)
            records = [r for r in records if failed is None or r["messageId"] in failed]
            self.publish()
        raise AssertionError("messages never were done")

    def consume_once(self, records: list[dict[str, Any]]) -> set[str] | None:
        """Deliver messages once; the ids that failed, `None`: all."""
        failed: set[str] | None = self._survived(lambda: self._world.consume(records))
        return failed

    def do_the_same(self) -> None:
        """What another worker does that gets what is being worked on."""
        in_hand, to_tell = self._in_hand, self._to_tell
        self._tell(to_tell)
        self.settle(in_hand)
        self._in_hand, self._to_tell = in_hand, to_tell

    def publish(self) -> None:
        """Deliver what the stream holds until the publisher has done it."""
        self._in_hand, self._to_tell = [], self._world.stream_records()
        self._tell(self._to_tell)
        self._to_tell = []

    def _tell(self, records: list[dict[str, Any]]) -> None:
        from services.ingest.handlers import on_profiles_stream

        for _ in range(ROUNDS):
            done = not records or self._survived(
                lambda: on_profiles_stream.handler({"Records": records}, None)
            )
            self.listen()
            if done:
                return
        raise AssertionError("changes never were published")

    def listen(self) -> None:
        """Hear what is on the bus."""
        for told in self._world.told():
            if told["detail-type"] == ProfilesMerged.detail_type:
                for merge in ProfilesMerged.model_validate(told["detail"]).merges:
                    self.ear.merged[merge.loser] = merge.winner
            else:
                for change in ProfilesChanged.model_validate(told["detail"]).changes:
                    self.ear.hear(change)

    def _survived(self, run: Callable[[], Any]) -> Any:
        """What a handler answers; `None` when it raised or died."""
        try:
            with self.wire.life():
                return run()
        except Crash:
            return None
        except Exception:
            if not self.wire.struck:  # nothing was done to it
                raise
            return None

    def snapshot(self) -> Snapshot:
        """Where the road stands; nothing may be under way. What comes next is done by processes that begin cold."""
        start_cold()
        return Snapshot(
            copy.deepcopy(_backend().tables), self._world.read_to, self._objects(), copy.deepcopy(self.ear)
        )

    @contextmanager
    def past(self, then: Snapshot) -> Iterator[None]:
        """Tables as they were then."""
        backend = _backend()
        backend.tables, present = then.tables, backend.tables
        try:
            yield
        finally:
            backend.tables = present

    def go_back(self, to: Snapshot) -> None:
        """Stand where the road stood then."""
        start_cold()
        _backend().tables = copy.deepcopy(to.tables)
        self._world.read_to = to.read_to
        self.ear = copy.deepcopy(to.ear)
        for key in self._objects() - to.objects:
            client("s3").delete_object(Bucket=ENV["LAKE_BUCKET"], Key=key)
        self._world.take()

    def _objects(self) -> set[str]:
        found = client("s3").list_objects_v2(Bucket=ENV["LAKE_BUCKET"]).get("Contents", [])
        return {one["Key"] for one in found}

    def state(self) -> State:
        """What must not depend on faults. Ids that are drawn at random are left out or stand under the identifiers of
        whoever has them; so are versions, since work that came in two portions was written twice."""
        items = client("dynamodb").scan(TableName="Profiles")["Items"]
        stored = profiles.profiles().load([item["profile_id"]["S"] for item in items])
        return {
            "people": {
                _name(one): self._person(one)
                for one in stored.values()
                if not one.merged_into and not one.is_erased
            },
            "redirects": self._redirects(stored),
            "lake": self._lake(),
        }

    def _person(self, profile: Profile) -> dict[str, Any]:
        """What a person has, which is what others heard."""
        chunks = profiles.timeline().all(profile.strips())
        history = sorted(one.call.message_id for chunk in chunks for one in chunk.events)
        traits = {name: (t.value, t.at, t.source, t.kind) for name, t in profile.known_traits().items()}
        shown = {name: one[0] for name, one in traits.items()}
        assert self.ear.heard(profile.profile_id) == history, "others heard another history"
        assert self.ear.traits.get(profile.profile_id, (0, {}))[1] == shown, "others heard other traits"
        assert sum(profile.counts.values()) == len(history)
        records = [
            (one.type, one.id)
            for one in DynamoRecords(Table(ENV["PROFILE_PARTS_TABLE"])).of(profile.strips())
        ]
        return {"history": history, "traits": traits, "counts": dict(profile.counts), "records": records}

    def _redirects(self, stored: Mapping[str, Profile]) -> Counter[str]:
        """How many ids that others have heard of lead to each person; and each was told."""
        leads: Counter[str] = Counter()
        for profile_id, profile in stored.items():
            if profile.merged_into and self.ear.heard(profile_id):
                end = profile
                while end.merged_into:
                    end = stored[end.merged_into]
                leads[_name(end)] += 1
                assert profile_id in self.ear.merged, "a merge was not told"
        return leads

    def _lake(self) -> dict[str, Any]:
        """What became of each message. A receipt's lines agree however often it was kept; of the receipts of a message
        that was accepted more than once one is the applied one."""
        said: dict[str, set[tuple[str, ...]]] = {}
        message_of: dict[str, str] = {}
        for line in self._world.lake():
            verdict = (line["disposition"], line["reason"], line["message_id"])
            said.setdefault(line["receipt"], set()).add(verdict)
            message_of[line["receipt"]] = line["message_id"] or line["receipt"]
        assert all(len(verdicts) == 1 for verdicts in said.values()), f"a receipt has two verdicts: {said}"
        became: dict[str, Counter[str]] = {}
        for receipt, ((disposition, reason, _),) in said.items():
            became.setdefault(message_of[receipt], Counter())[f"{disposition} {reason}"] += 1
        for (
            counts
        ) in became.values():  # a request whose answer was lost is sent again: more copies than there were
            counts.pop("duplicate ", None)
        return became


def _name(profile: Profile) -> str:
    return " ".join(sorted(one.key for one in profile.identifiers))


def start_cold() -> None:
    """Forget what processes remember between calls."""
    for made in (doors.front_door, profiles.keeper, profiles.consumer):
        made.cache_clear()


def _backend() -> Any:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION]
