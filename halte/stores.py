"""Where a stage keeps its people, and fresh tables to build them anew."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from services.ingest.adapters.dynamo_identities import DynamoIdentities
from services.ingest.adapters.dynamo_profiles import DynamoProfiles
from services.ingest.adapters.dynamo_records import DynamoRecords
from services.ingest.adapters.dynamo_timeline import DynamoTimeline
from services.ingest.domain.history import Signed, chunks
from services.ingest.domain.profile import Profile
from services.ingest.lake.rebuild import NoLake
from services.ingest.profiles.consume import Consumer
from services.ingest.profiles.keeper import Keeper
from services.ingest.profiles.recognise import Gate, Recogniser, let_everyone
from services.ingest.profiles.rulings import Ruler
from services.shared.aws.clients import client
from services.shared.aws.dynamo import Table
from services.shared.clock import SystemClock
from services.shared.ids import new_id

_KEYS = {"identities": ("pk",), "profiles": ("profile_id",), "parts": ("profile_id", "part")}


class UnknownStage(LookupError):
    """Nothing of that name is deployed here."""


@dataclass(frozen=True)
class Tables:
    """Names of the tables of identifiers, hot profiles, and their parts."""

    identities: str
    profiles: str
    parts: str


@dataclass(frozen=True)
class Place:
    """Of a stage: its tables, the bucket of its lake, and the secret that keys what is kept of erased people."""

    tables: Tables
    bucket: str
    address_secret_arn: str


class WithHistory(DynamoProfiles):
    """Stores a write's chunks at once: a rebuild has no publisher that would."""

    def __init__(self, hot: Table, parts: Table) -> None:
        super().__init__(hot, parts)
        self._timeline = DynamoTimeline(parts)

    def save(self, profile: Profile, events: Sequence[Signed]) -> None:
        super().save(profile, events)
        self._timeline.append(chunks(profile.profile_id, profile.tale, profile.version, events))


class Store:
    """People in some tables."""

    def __init__(self, tables: Tables) -> None:
        parts = Table(tables.parts)
        self._hot = Table(tables.profiles)
        self.timeline = DynamoTimeline(parts)
        self.records = DynamoRecords(parts)
        self.profiles = WithHistory(self._hot, parts)
        self.identities = DynamoIdentities(Table(tables.identities), self.profiles)

    def profile_ids(self) -> Iterator[str]:
        """Of every profile, redirects too."""
        return (str(item["profile_id"]) for item in self._hot.scan())

    def ruler(self) -> Ruler:
        """Makes rulings on who is who hold in this store."""
        return Ruler(identities=self.identities, keeper=self._keeper(), new_graph_id=lambda: new_id("grp"))

    def _keeper(self) -> Keeper:
        return Keeper(
            identities=self.identities,
            profiles=self.profiles,
            timeline=self.timeline,
            clock=SystemClock(),
            new_profile_id=lambda: new_id("prf"),
            new_tale=lambda: secrets.token_hex(4),
        )

    def consumer(self, gate: Gate = let_everyone) -> Consumer:
        """Takes events into this store, and nowhere else."""
        clock = SystemClock()
        recogniser = Recogniser(
            identities=self.identities,
            keeper=self._keeper(),
            now=lambda: round(clock.now().timestamp() * 1000),
            new_profile_id=lambda: new_id("prf"),
            new_graph_id=lambda: new_id("grp"),
            gate=gate,
        )
        return Consumer(
            recogniser=recogniser,
            profiles=self.profiles,
            timeline=self.timeline,
            lake=NoLake(),
            clock=clock,
        )


def find(stage: str) -> Place:
    """What a deployed stage says of itself: its stack's outputs, and the announced bucket.

    Raises:
        UnknownStage: there is no such stage in this account and region.
    """
    from botocore.exceptions import ClientError

    name = f"halte-{stage}-ingest"
    try:
        (stack,) = client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        bucket, secret = (_announced(stage, name) for name in ("lake-bucket", "address-secret-arn"))
    except ClientError as error:
        raise UnknownStage(f"{name}: {error.response['Error']['Message']}") from error
    outputs = {one["OutputKey"]: str(one["OutputValue"]) for one in stack["Outputs"]}
    tables = Tables(outputs["IdentitiesTable"], outputs["ProfilesTable"], outputs["ProfilePartsTable"])
    return Place(tables, bucket, secret)


def _announced(stage: str, name: str) -> str:
    return str(client("ssm").get_parameter(Name=f"/halte/{stage}/{name}")["Parameter"]["Value"])


@contextmanager
def fresh_tables(keep: bool = False) -> Iterator[Tables]:
    """Empty tables, on demand; gone in the end unless they are to be kept."""
    mark = secrets.token_hex(4)
    names = {part: f"halte-rebuild-{mark}-{part}" for part in _KEYS}
    dynamodb = client("dynamodb")
    try:
        for part, keys in _KEYS.items():
            _create(dynamodb, names[part], keys)
        yield Tables(**names)
    finally:
        if not keep:
            _delete(dynamodb, names.values())


def _create(dynamodb: Any, name: str, keys: tuple[str, ...]) -> None:
    dynamodb.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name)


def _delete(dynamodb: Any, names: Any) -> None:
    from botocore.exceptions import ClientError

    for name in names:
        try:
            dynamodb.delete_table(TableName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
