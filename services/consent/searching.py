"""Searching the ledger without reading it all: time is found by halving, the rest is held against what lies between.

Entries of a shard stand in the order of their time, but for the moment that clocks differ and writers wait for each
other; `SLACK` is more than that.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.consent.domain.ledger import SHARDS, Entry, Kind
from services.consent.domain.purposes import Name
from services.consent.ports import Shards
from services.shared.channels import Channel
from services.shared.clock import to_iso
from services.shared.errors import Invalid

SLACK = timedelta(minutes=10)
MAX_FOUND = 200
MAX_READ = 5_000
"""Entries one page looks at; where few of them fit it is shorter, and its cursor goes on behind them."""

_CHUNK = 50
_Moment = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))
]


class Search(BaseModel):
    """What an entry must be; what is left out may be anything. `since` is inclusive, `until` is not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: Name | None = None
    channel: Channel | None = None
    kind: Kind | None = None
    means: Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")] | None = None
    shard: Annotated[int, Field(ge=0, lt=SHARDS)] | None = None
    since: _Moment | None = None
    until: _Moment | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_FOUND)] = 50
    cursor: Annotated[str, Field(max_length=1_000)] = ""

    def fits(self, entry: Entry) -> bool:
        """Is it such an entry?"""
        wanted = {"purpose": self.purpose, "channel": self.channel, "kind": self.kind, "means": self.means}
        return (
            all(value is None or getattr(entry, name) == value for name, value in wanted.items())
            and (self.since is None or entry.at >= to_iso(self.since))
            and (self.until is None or entry.at < to_iso(self.until))
        )


@dataclass(frozen=True)
class Place:
    """How far a search has come: by shard the `seq` it has read; shards that are done are left out."""

    read: Mapping[int, int]

    def text(self) -> str:
        """The cursor."""
        return base64.urlsafe_b64encode(
            json.dumps({str(s): n for s, n in self.read.items()}).encode()
        ).decode()

    @classmethod
    def of(cls, text: str) -> Self:
        """The place of a cursor.

        Raises:
            Invalid: `bad_cursor`.
        """
        try:
            read = {int(shard): int(seq) for shard, seq in json.loads(base64.urlsafe_b64decode(text)).items()}
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise Invalid("bad_cursor", "cursor: must be one of an earlier answer") from error
        if any(not (0 <= shard < SHARDS and 0 <= seq < 10**12) for shard, seq in read.items()):
            raise Invalid("bad_cursor", "cursor: must be one of an earlier answer")
        return cls(read)


def search(ledger: Shards, wanted: Search) -> tuple[list[Entry], Place | None]:
    """A page of what fits, in the order of time; and where to go on (`None`: that was all).

    Raises:
        Invalid: `bad_cursor`.
    """
    place = Place.of(wanted.cursor) if wanted.cursor else _beginning(ledger, wanted)
    read, found = dict(place.read), list[Entry]()
    last = to_iso(wanted.until + SLACK) if wanted.until else "~"
    streams = [_until(ledger, shard, after, last) for shard, after in read.items()]
    for looked, entry in enumerate(merge(*streams, key=lambda entry: (entry.at, entry.shard, entry.seq))):
        if len(found) == wanted.limit or looked == MAX_READ:
            return found, Place(read)
        read[entry.shard] = entry.seq
        if wanted.fits(entry):
            found.append(entry)
    return found, None


def _beginning(ledger: Shards, wanted: Search) -> Place:
    shards = range(SHARDS) if wanted.shard is None else [wanted.shard]
    if wanted.since is None:
        return Place(dict.fromkeys(shards, 0))
    return Place({shard: _before(ledger, shard, wanted.since - SLACK) for shard in shards})


def _before(ledger: Shards, shard: int, moment: datetime) -> int:
    """The `seq` of the last entry of a shard before `moment`; 0 for none."""
    low, high, text = 0, ledger.head(shard).seq, to_iso(moment)
    while low < high:
        middle = (low + high + 1) // 2
        entry = next(ledger.entries(shard, middle - 1, 1), None)
        if entry is not None and entry.at < text:
            low = middle
        else:
            high = middle - 1
    return low


def _until(ledger: Shards, shard: int, after: int, last: str) -> Iterator[Entry]:
    """Entries of a shard behind `after` up to the time `last`, read in small pieces: most streams are left early."""
    while True:
        chunk = list(ledger.entries(shard, after, _CHUNK))
        for entry in chunk:
            if entry.at > last:
                return
            yield entry
        if len(chunk) < _CHUNK:
            return
        after = chunk[-1].seq
