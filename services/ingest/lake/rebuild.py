"""Profiles from the lake alone: every line that counted, taken in once more by the consumer itself into an empty store,
and the result held against another store.

Whose event is whose, and what profiles hold, are functions of the events and of what was ruled on who is who, so that
the order of the lines does not matter. What is drawn by lot, the profile ids, stands in the lines (`born`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from services.ingest.domain.arrival import FEEDBACK
from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.lake import counts
from services.ingest.domain.lines import arrival_of
from services.ingest.domain.profile import Profile
from services.ingest.domain.regroup import Node
from services.ingest.domain.rulings import RULED, standing
from services.ingest.lake.forgotten import Forgotten
from services.ingest.people.ports import RecordStore
from services.ingest.ports import Identities, Profiles, Timeline
from services.ingest.profiles.consume import Consumer
from services.ingest.profiles.rulings import Ruler
from services.shared.clock import to_iso

BATCH = 200
"""Lines the consumer takes in at a time."""


Lines = Callable[[], Iterable[Mapping[str, Any]]]
"""Reads the lake from its beginning; asked several times."""


class Incomplete(Exception):
    """Some lines could not be taken in."""


@dataclass(frozen=True)
class Difference:
    """A person who is not the same in both stores: the canonical JSON of each (`None`: not there)."""

    identifiers: tuple[str, ...]
    live: str | None
    rebuilt: str | None


class NoLake:
    """Port `Lake` of a rebuild, which adds nothing to the lake."""

    def put(self, day: datetime, receipts: Sequence[str], lines: Sequence[Mapping[str, Any]]) -> str:
        return ""


def rebuild(
    lines: Lines,
    consumer: Consumer,
    identities: Identities,
    ruler: Ruler,
    forgotten: Forgotten,
    report: Callable[[int], None] = lambda _: None,
) -> int:
    """Take every line that counted into the empty store of `consumer` (whose gate is `forgotten`), `identities` and
    `ruler`; how many events that were. `report` is told of lines. Rulings come after the events: who is who is a
    function of both, in whatever order.

    Raises:
        Incomplete: some could not be taken in.
    """
    done = 0
    told = [line for line in lines() if line["disposition"] == RULED or line.get("left_out")]
    forgotten.learn(told)
    ruled = standing(told)
    for strand, node in {**_births(lines(), forgotten), **ruled.births}.items():
        identities.add(strand, node)
    feedback: list[Mapping[str, Any]] = []
    for batch in _batches(line for line in lines() if counts(line)):
        feedback += [line for line in batch if line["door"] == FEEDBACK]
        done += _take_in(consumer, [line for line in batch if line["door"] != FEEDBACK])
        report(len(batch))
    ruler.enforce(ruled)
    for batch in _batches(feedback):  # it names profiles, which must be there
        done += _take_in(consumer, batch)
    return done


def _births(lines: Iterable[Mapping[str, Any]], forgotten: Forgotten) -> dict[Identifier, Node]:
    births: dict[Identifier, Node] = {}
    for line in lines:
        if counts(line) and line.get("born"):
            arrival = arrival_of(line)
            read = Signed(arrival.receipt, arrival.read(), received_at=arrival.received_at)
            home, born = line["born"]
            if strand := forgotten.only(read).strand:
                births[strand] = Node(home, born)
    return births


def _batches(lines: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    rest = iter(lines)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _take_in(consumer: Consumer, lines: Sequence[Mapping[str, Any]]) -> int:
    done = consumer.replay(arrival_of(line) for line in lines)
    refused = len(lines) - done.dispositions["applied"]
    if refused:
        raise Incomplete(f"{refused} of {len(lines)} lines: {dict(done.errors)} {dict(done.dispositions)}")
    return len(lines)


def canonical(profile: Profile, timeline: Timeline, records: RecordStore) -> dict[str, Any]:
    """All that makes a profile but how it came about (versions, and when it was written)."""
    events = [_event(one) for chunk in timeline.all(profile.strips()) for one in chunk.events]
    return {
        "identifiers": [identifier.key for identifier in sorted(profile.identifiers)],
        "traits": {
            name: [trait.value, trait.at, trait.source, trait.kind, trait.received]
            for name, trait in sorted(profile.known_traits().items())
        },
        "counts": dict(sorted(profile.counts.items())),
        "events": sorted(events, key=lambda row: (row[0], row[1], row[2])),
        "records": [record.shown() for record in records.of(profile.strips())],
    }


def _event(one: Signed) -> list[Any]:
    call = one.call
    return [
        to_iso(call.at),
        call.message_id,
        one.receipt,
        one.source,
        one.kind,
        one.public,
        call.type,
        call.name,
        dict(call.properties),
        dict(call.traits),
    ]


def compare(live: Iterable[Mapping[str, Any]], rebuilt: Iterable[Mapping[str, Any]]) -> list[Difference]:
    """Where two stores differ, byte by byte of their canonical profiles."""
    left, right = _texts(live), _texts(rebuilt)
    return [
        Difference(key, left.get(key), right.get(key))
        for key in sorted(left.keys() | right.keys())
        if left.get(key) != right.get(key)
    ]


def _texts(profiles: Iterable[Mapping[str, Any]]) -> dict[tuple[str, ...], str]:
    """By identifiers, which no two profiles share. A profile without any, and without events, is nobody."""
    return {
        tuple(one["identifiers"]): json.dumps(one, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        for one in profiles
        if one["identifiers"] or one["events"]
    }


def people(
    profile_ids: Iterable[str],
    profiles: Profiles,
    timeline: Timeline,
    records: RecordStore,
) -> Iterator[dict[str, Any]]:
    """The canonical form of the profiles among `profile_ids` that are no redirects, with their ids."""
    rest = iter(sorted(profile_ids))
    while batch := list(islice(rest, 100)):
        for profile in profiles.load(batch).values():
            if not profile.merged_into:
                yield {"profile_id": profile.profile_id, **canonical(profile, timeline, records)}
