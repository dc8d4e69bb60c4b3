"""What the budget of a batch speaks of, and nothing else: validating events, finding whose they are, and turning what
was written into bytes. The real functions, on a batch that was really taken in, without the client library.

- *validate*: queue messages to valid calls (`unpack`, `Arrival.signed`).
- *match*: calls to people, from the stored form of their identifiers (`Recogniser.recognise`).
- *marshal*: profiles as DynamoDB takes them with the batch's events, and the lake's object (`save_ops`, `S3Lake.put`).

Not in it: applying events to profiles, thread hand-offs, logging. Rules are matched in scoring, not here.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, cast

from services.ingest.adapters.dynamo_identities import DynamoIdentities
from services.ingest.adapters.dynamo_profiles import DynamoProfiles, read_hot
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.domain.arrival import Arrival
from services.ingest.domain.attributes import AttributeRules
from services.ingest.domain.history import Signed
from services.ingest.domain.intake import unpack
from services.ingest.domain.profile import Profile, apply, portions
from services.ingest.domain.verdict import Verdict, lake_line
from services.ingest.ports import Identities
from services.ingest.profiles.keeper import Keeper
from services.ingest.profiles.read import Reader
from services.ingest.profiles.recognise import Recognised, Recogniser
from services.shared.aws.attributes import decode
from services.shared.aws.dynamo import Item, Table

ROUNDS = 60


@dataclass(frozen=True)
class Batch:
    """Queue messages, and the items of the identities and profiles they speak of, as DynamoDB gives them."""

    bodies: Sequence[str]
    at: datetime
    identities: Sequence[Mapping[str, Any]]
    profiles: Sequence[Mapping[str, Any]]


class _Stored(Table):
    """A table that answers from memory what it is asked first and always."""

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("Stored")
        self._kept = items

    def get_many(self, keys: Iterable[Mapping[str, Any]], *, consistent: bool = False) -> list[Item]:
        wanted = {key["pk"] for key in keys}
        return [decode(item) for item in self._kept if item["pk"]["S"] in wanted]


class _Bucket:
    def put_object(self, **_: Any) -> None:
        """Takes whatever is put."""


class Stages:
    """The three stages over one batch, each from what the one before made of it."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        store = DynamoProfiles(Table("Profiles"), Table("Parts"))
        self._store, self._lake = store, S3Lake("lake", _Bucket())
        self._recogniser = Recogniser(
            identities=cast("Identities", DynamoIdentities(_Stored(batch.identities), store)),
            keeper=cast("Keeper", None),  # nobody in the batch is new
            now=lambda: 0,
            new_profile_id=str,
            new_graph_id=str,
        )
        self._reader = Reader(lambda _: set(), AttributeRules)
        self._arrivals, self._signed = self.validate()
        self._written = self._applied(self.match())

    def validate(self) -> tuple[list[Arrival], list[Signed]]:
        """Every message read."""
        arrivals = [one for body in self._batch.bodies for one in unpack(body, self._batch.at)]
        return arrivals, self._reader.read(arrivals, {}, lambda _: 0)

    def match(self) -> Recognised:
        """Every event given to a profile."""
        return self._recogniser.recognise(self._signed)

    def marshal(self) -> None:
        """Every profile and the lake's object, ready to be sent."""
        for profile, events, before in self._written:
            self._store.save_ops(profile, events, before=before)
        lines = [lake_line(one, _VERDICT) for one in self._arrivals]
        self._lake.put(self._batch.at, [one.receipt for one in self._arrivals], lines)

    def _applied(self, recognised: Recognised) -> list[tuple[Profile, tuple[Signed, ...], int]]:
        groups: dict[str, list[Signed]] = defaultdict(list)
        for one in self._signed:
            groups[recognised.profile_of[one.receipt]].append(one)
        stored = {p.profile_id: p for p in (read_hot(decode(item)) for item in self._batch.profiles)}
        written = []
        for profile_id, signed in groups.items():
            # Traits that are said again change no item of their own.
            plain = [one for one in signed if not one.call.traits]
            for portion in portions(plain):
                before = stored[profile_id]
                identifiers = recognised.identifiers_of[profile_id]
                done = apply(before, portion, identifiers, self._batch.at)
                written.append((done.profile, tuple(signed), before.version))
        return written


_VERDICT = Verdict("applied", profile_id=f"prf_{0:020x}", message_id="0" * 36, born=(f"prf_{0:020x}", 1))


def measure(batch: Batch) -> dict[str, float]:
    """Microseconds of CPU by stage, for the whole batch; and of the floor, parsing the same messages."""
    stages = Stages(batch)

    def parse() -> None:
        for body in batch.bodies:
            json.loads(body)

    timed: dict[str, Callable[[], object]] = {
        "validate": stages.validate,
        "match": stages.match,
        "marshal": stages.marshal,
        "parse": parse,
    }
    taken: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(ROUNDS):
        for name, stage in timed.items():
            began = time.process_time()
            stage()
            taken[name].append((time.process_time() - began) * 1_000_000)
    return {name: median(found) for name, found in taken.items()}
