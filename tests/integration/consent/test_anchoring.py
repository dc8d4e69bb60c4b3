"""The hourly anchor on moto: written once, kept for good, and enough to catch who rewrites the table."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from services.consent import anchoring
from services.consent.anchoring import LedgerBroken
from services.consent.domain.anchors import read
from services.consent.domain.ledger import SHARDS
from services.shared.aws.clients import client
from tests.integration.consent.conftest import World


def kept() -> dict[str, str]:
    """What lies in the bucket, every version of it."""
    listed = client("s3").list_object_versions(Bucket="anchor-bucket").get("Versions", [])
    return {
        f"{one['Key']}@{one['VersionId']}": client("s3")
        .get_object(Bucket="anchor-bucket", Key=one["Key"], VersionId=one["VersionId"])["Body"]
        .read()
        .decode()
        for one in listed
    }


def forget_index() -> None:
    table = boto3.resource("dynamodb").Table("anchors")
    for item in table.scan()["Items"]:
        table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})


@pytest.mark.capability("003-23")
def test_an_anchor_is_signed_locked_and_covers_every_entry(world: World) -> None:
    world.granted("ann@example.com")
    world.granted("bob@example.com")
    world.anchor()
    ((name, text),) = kept().items()
    assert name.startswith("anchors/000000000001.json@")
    anchor = read(text)
    assert sum(row.seq - row.first + 1 for row in anchor.rows) == 4
    assert len(anchor.rows) == SHARDS
    _, told = world.json("GET /ledger/key")
    key = load_pem_public_key(told["public_key"].encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(base64.b64decode(anchor.signature), anchor.header(), ec.ECDSA(hashes.SHA256()))
    _, listed = world.json("GET /ledger/anchors")
    assert listed == {"anchors": [json.loads(text)], "next": None}
    assert "ann@example.com" not in text
    assert world.key() not in text


def test_an_hour_in_which_nothing_happened_leaves_no_anchor(world: World) -> None:
    world.anchor()
    assert kept() == {}
    world.granted()
    world.anchor()
    world.clock.advance(timedelta(hours=1))
    world.anchor()
    assert len(kept()) == 1


def test_each_anchor_goes_on_where_the_last_one_ended(world: World) -> None:
    for name in ("ann", "bob", "cid"):
        world.granted(f"{name}@example.com")
        world.clock.advance(timedelta(hours=1))
        world.anchor()
    anchors = [read(text) for _, text in sorted(kept().items())]
    assert [anchor.number for anchor in anchors] == [1, 2, 3]
    assert [anchor.prev_hash for anchor in anchors[1:]] == [anchor.hash for anchor in anchors[:-1]]


def test_runs_at_once_and_runs_that_were_cut_off_keep_one_anchor(world: World) -> None:
    """F1, F5: the index lost after the bucket had it is as a crash between the two."""
    world.granted()
    world.anchor()
    before = kept()
    for _ in range(3):
        forget_index()
        world.clock.advance(timedelta(minutes=5))
        world.granted("bob@example.com")
        world.anchor()
    after = kept()
    assert before.items() <= after.items()
    assert [name.partition("@")[0] for name in sorted(after)] == [
        f"anchors/{n:012d}.json" for n in range(1, len(after) + 1)
    ]
    _, listed = world.json("GET /ledger/anchors")
    assert listed["anchors"] == [json.loads(text) for _, text in sorted(after.items())]


def test_many_entries_are_covered_by_several_anchors(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchoring, "MAX_COVERED", 1)
    world.granted()
    world.anchor()
    assert len(kept()) == 2
    _, told = world.json(f"GET /consents/{world.key()}/proof")
    assert told["head"]["seq"] == 2


@pytest.mark.parametrize("harm", ["edited", "deleted", "head moved back", "all gone"])
def test_what_was_tampered_with_is_never_signed(world: World, harm: str) -> None:
    """And the run fails, which alarms; F45: a table restored from an older backup is told as well."""
    world.granted("ann@example.com")
    world.anchor()
    world.granted("ann@example.com")
    table = boto3.resource("dynamodb").Table("ledger")
    items = sorted((i for i in world.items("ledger") if i["sk"].isdigit()), key=lambda i: str(i["sk"]))
    heads = [i for i in world.items("ledger") if i["sk"] == "HEAD"]
    before = kept()
    spoil(table, items, heads[0], harm)
    world.granted("bob@example.com")
    with pytest.raises(LedgerBroken):
        world.anchor()
    ann = int(heads[0]["pk"][-2:])
    for text in kept().items() - before.items():
        assert not read(text[1]).rows[ann].grew


def spoil(table: Any, items: list[dict[str, Any]], head: dict[str, Any], harm: str) -> None:
    if harm == "edited":
        table.put_item(Item={**items[-1], "means": "other"})
    elif harm == "deleted":
        table.delete_item(Key={"pk": items[-1]["pk"], "sk": items[-1]["sk"]})
    elif harm == "head moved back":
        table.put_item(Item={**head, "seq": 1, "hash": items[0]["hash"]})
    else:
        for item in (*items, head):
            table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})


def test_a_lost_index_is_made_again_from_the_bucket(world: World) -> None:
    for name in ("ann", "bob"):
        world.granted(f"{name}@example.com")
        world.anchor()
    before, rows = kept(), world.items("anchors")
    forget_index()
    world.anchor()
    assert kept() == before
    assert sorted(map(repr, world.items("anchors"))) == sorted(map(repr, rows))
