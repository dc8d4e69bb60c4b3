"""What a sweep reads: as much as there are profiles whose time has come, however many others there are.

"No order for 90 days" is due for some people in tables of different sizes. The sweep asks the due index, which holds
nobody twice, and reads only whom it names; a nightly job would read everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from benchmarks.dynamo_meter import ACCOUNT, REGION
from benchmarks.meter import Meter
from benchmarks.prices import Prices
from benchmarks.results import Report, Result
from benchmarks.sizes import item_size, read_units
from services.scoring.adapters.consents_table import ConsentsTable
from services.scoring.adapters.standing_items import due_shard, to_item
from services.scoring.adapters.standings_table import DUE_INDEX, StandingsTable
from services.scoring.domain.definitions import Definitions, Segment
from services.scoring.domain.judging import take_in
from services.scoring.domain.standing import ProfileStanding
from services.scoring.service.scoring import Scoring
from services.shared.aws.attributes import encode
from services.shared.aws.clients import client
from services.shared.aws.dynamo import Table
from services.shared.clock import FixedClock
from services.shared.contracts.ingest import CustomerEvent, ProfileChange

BUDGET = 1.0
SIZES = (1_000, 10_000, 50_000)
DUE = 200
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEGMENT = {"condition": {"fact": "last_order_at", "older_than": "P90D"}}
TABLE = "standings"


@dataclass(frozen=True)
class Swept:
    """Read and write units of a sweep over `due` profiles, and what a look at all items would read."""

    due: int
    reads: float
    writes: float
    scan: float


class Fixed:
    """Definitions that nobody changes."""

    def __init__(self) -> None:
        self._definitions = Definitions.of(1, [Segment.read("no_order_90d", SEGMENT)])

    def load(self, at_least: int = 0) -> Definitions:
        """Them."""
        return self._definitions


def run(report: Report) -> list[Result]:
    """One result: read units a due profile in the largest table, held against the smallest and against a scan."""
    return [_result("reads_per_due_profile", SIZES, report)]


def run_at(size: int, report: Report) -> list[Result]:
    """The same for one table of `size` profiles, as a result of its own: a million take three minutes."""
    return [_result(f"reads_per_due_profile_of_{size}", (size,), report)]


def _result(name: str, sizes: Sequence[int], report: Report) -> Result:
    found = []
    for i, size in enumerate(sizes):
        report(f"{size:,} profiles, {DUE} due", i / len(sizes))
        found.append(measure(size, DUE))
    largest = found[-1]
    return Result(
        name=name,
        value=largest.reads / largest.due,
        unit=f"read units, {sizes[-1]:,} profiles",
        against={
            **{f"{size:,} profiles": one.reads / DUE for size, one in zip(sizes[:-1], found, strict=False)},
            "a scan": largest.scan / largest.due,
        },
        budget=BUDGET,
    )


def measure(size: int, due: int) -> Swept:
    """Sweep a table of `size` profiles of which `due` ordered last 90 days ago, the others yesterday."""
    clock, definitions = FixedClock(NOW), Fixed()
    with _table() as meter:
        scan = _fill(size, due, definitions.load())
        client.cache_clear()
        scoring = Scoring(
            StandingsTable(Table(TABLE), ConsentsTable(Table("no-consents"))), definitions, clock
        )
        meter.running = True
        swept = scoring.sweep(lambda: True)
        meter.running = False
    client.cache_clear()
    if swept.swept != due or swept.failed:
        raise AssertionError(f"{swept.swept} of {due} due profiles were swept, {swept.failed} failed")
    return Swept(due, meter.amount("dynamodb.read"), meter.amount("dynamodb.write"), scan)


@contextmanager
def _table() -> Iterator[Meter]:
    names = ("profile_id", "due_shard", "due_at")
    with mock_aws():
        meter = Meter(Prices.load())
        boto3.setup_default_session(region_name=REGION)
        try:
            meter.attach(boto3.DEFAULT_SESSION.events)
            boto3.client("dynamodb").create_table(
                TableName=TABLE,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
                KeySchema=[{"AttributeName": "profile_id", "KeyType": "HASH"}],
                GlobalSecondaryIndexes=[
                    {
                        "IndexName": DUE_INDEX,
                        "KeySchema": [
                            {"AttributeName": "due_shard", "KeyType": "HASH"},
                            {"AttributeName": "due_at", "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "KEYS_ONLY"},
                    }
                ],
            )
            yield meter
        finally:
            boto3.DEFAULT_SESSION = None


def _fill(size: int, due: int, definitions: Definitions) -> float:
    """Write the profiles past the API, which nobody pays for here; the read units of a scan of them."""
    # Two standings, which differ by whose they are: what all share is in memory once.
    then, yesterday = (
        encode(to_item(_standing(NOW - timedelta(days=days), definitions))) for days in (90, 1)
    )
    scanned = 0
    for n in range(size):
        profile_id = f"prf_{n:020x}"
        own = encode({"profile_id": profile_id, "due_shard": due_shard(profile_id)})
        item = (then if n < due else yesterday) | own
        dynamodb_backends[ACCOUNT][REGION].put_item(TABLE, item)
        scanned += item_size(item)
    return read_units(scanned)


def _standing(ordered: datetime, definitions: Definitions) -> ProfileStanding:
    properties: dict[str, Any] = {"order_id": "o1", "revenue": 10}
    event = CustomerEvent(
        message_id="m1", type="track", name="Order Completed", at=ordered, properties=properties
    )
    change = ProfileChange(profile_id="prf", version=1, at=ordered, events=[event], traits={})
    changes: Sequence[ProfileChange] = [change]
    standing = take_in("prf", None, changes, definitions, ordered)
    assert standing is not None  # it is the profile's first change
    return standing
