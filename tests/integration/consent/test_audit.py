"""Somebody checks the ledger by the API and the bucket, and searches it; on moto, with the real command."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from rich.console import Console

from halte import __main__ as command
from halte.ledger import commands
from halte.marketers import Refused
from services.consent import searching
from services.consent.domain.ledger import shard_of
from services.shared.aws.clients import client
from tests.integration.consent.conftest import World

PEOPLE = [f"person{n}@example.com" for n in range(4)]


class Api:
    """`Marketers` over the handlers."""

    def __init__(self, world: World) -> None:
        self._world = world

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        parts = urlsplit(path)
        status, told = self._world.json(f"{method} {parts.path}", body, query=dict(parse_qsl(parts.query)))
        if status != 200:
            raise Refused(f"{path} answered {status}")
        return dict(told)

    def upload(self, url: str, content: bytes) -> None:
        raise NotImplementedError


@pytest.fixture
def lived(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Four people over four days, anchored every day; the last one said no."""
    client("ssm").put_parameter(Name="/halte/test/anchor-bucket", Value="anchor-bucket", Type="String")
    monkeypatch.setattr(commands, "connect", lambda *_: Api(world))
    world.define("offers")
    for n, address in enumerate(PEOPLE):
        world.ask(address, purpose="newsletter" if n % 2 else "offers")
        world.clock.advance(timedelta(hours=1))
        world.confirm(world.mailed_token())
        world.clock.advance(timedelta(hours=23))
        world.anchor()
    said = {"channel": "email", "address": PEOPLE[-1], "purpose": "newsletter", "reason": "by phone"}
    world.json("POST /consents/revocations", said)
    return world


def run(*arguments: str | Path) -> tuple[int, str]:
    shown = io.StringIO()
    code = command.main(["consent", *map(str, arguments)], Console(file=shown, width=200))
    return code, shown.getvalue()


def verify(*arguments: str) -> tuple[int, str]:
    return run("verify", "--stage", "test", *arguments)


@pytest.mark.capability("003-23")
@pytest.mark.parametrize("anchors", ["bucket", "api"])
def test_a_stage_is_checked_by_its_api_and_its_bucket(lived: World, anchors: str) -> None:
    code, shown = verify("--anchors", anchors)
    assert "9 entries in 16 shards, 4 anchors" in shown
    assert "1 entries came after it" in shown
    assert code == 0


def test_a_stage_on_which_nothing_happened_is_intact(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client("ssm").put_parameter(Name="/halte/test/anchor-bucket", Value="anchor-bucket", Type="String")
    monkeypatch.setattr(commands, "connect", lambda *_: Api(world))
    code, shown = verify()
    assert code == 0
    assert "0 entries in 16 shards, 0 anchors" in shown


def test_small_pages_lead_through_a_whole_ledger(lived: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("halte.ledger.stage.PAGE", 1)
    assert verify()[0] == 0


def test_what_is_exported_can_be_checked_by_somebody_else(lived: World, tmp_path: Path) -> None:
    file, key = tmp_path / "ledger.ndjson", tmp_path / "halte.pem"
    code, shown = run("export", "--stage", "test", "--out", file)
    assert code == 0
    assert "9 entries written" in shown
    key.write_text(lived.json("GET /ledger/key")[1]["public_key"])
    assert run("verify", "--file", file, "--public-key", key)[0] == 0
    assert not [address for address in PEOPLE if address in file.read_text()]
    assert run("export", "--stage", "test", "--out", tmp_path / "none" / "file")[0] == 2


@pytest.mark.capability("003-23")
def test_a_table_that_is_rewritten_whole_is_found_by_the_bucket(lived: World) -> None:
    """Whoever may write the table may write the index of anchors too; the bucket they may not."""
    table = boto3.resource("dynamodb").Table("ledger")
    for shard in {item["pk"] for item in lived.items("ledger") if item["pk"].startswith("shard#")}:
        for item in lived.items("ledger"):
            if item["pk"] == shard:
                table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    index = boto3.resource("dynamodb").Table("anchors")
    for item in lived.items("anchors"):
        index.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    assert verify("--anchors", "api")[0] == 0, "by itself it is an empty ledger"
    code, shown = verify()
    assert code == 1
    assert "truncated" in shown


def test_an_anchor_that_is_put_again_or_deleted_is_found_and_the_first_one_counts(lived: World) -> None:
    store = client("s3")
    key = "anchors/000000000002.json"
    text = store.get_object(Bucket="anchor-bucket", Key=key)["Body"].read()
    store.put_object(Bucket="anchor-bucket", Key=key, Body=text.replace(b"2026", b"2027"))
    store.delete_object(Bucket="anchor-bucket", Key="anchors/000000000003.json")
    code, shown = verify()
    assert code == 1
    assert "anchors, 2: replaced" in shown
    assert "anchors, 3: replaced" in shown
    assert "2 problems" in shown


def test_an_entry_beyond_the_head_is_found(lived: World) -> None:
    """A fork that waits to be taken for the truth."""
    entries = [item for item in lived.items("ledger") if item["sk"].isdigit()]
    last = max(entries, key=lambda item: (item["pk"], str(item["sk"])))
    forged = {
        **last,
        "sk": f"{int(last['sk']) + 1:012d}",
        "seq": int(last["seq"]) + 1,
        "prev_hash": last["hash"],
    }
    boto3.resource("dynamodb").Table("ledger").put_item(Item=forged)
    code, shown = verify()
    assert code == 1
    assert "beyond the head" in shown


def test_a_proof_is_checked_by_the_command(lived: World, tmp_path: Path) -> None:
    proof, key = tmp_path / "proof.json", tmp_path / "halte.pem"
    _, told = lived.json(f"GET /consents/{lived.key(PEOPLE[-1])}/proof")
    proof.write_text(json.dumps(told))
    key.write_text(lived.json("GET /ledger/key")[1]["public_key"])
    code, shown = run("verify", "--proof", proof, "--public-key", key)
    assert code == 0
    assert "3 entries, 1 of them not yet in an anchor" in shown
    told["entries"][1]["at"] = "2020-01-01T00:00:00.000Z"
    proof.write_text(json.dumps(told))
    code, shown = run("verify", "--proof", proof, "--public-key", key)
    assert code == 1
    assert "its fields do not give its hash" in shown
    assert run("verify", "--proof", proof)[0] == 2
    proof.write_text("{")
    assert run("verify", "--proof", proof, "--public-key", key)[0] == 2
    proof.write_text("[]")
    assert run("verify", "--proof", proof, "--public-key", key)[0] == 2


# Searching


def search(world: World, **query: str) -> list[dict[str, Any]]:
    """All that fits, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        status, told = world.json(
            "GET /ledger/entries", query={**query, **({"cursor": cursor} if cursor else {})}
        )
        assert status == 200, told
        found += told["entries"]
        cursor = told["cursor"]
        if not cursor:
            return found


def everything(world: World) -> list[dict[str, Any]]:
    return sorted(
        (item for item in world.items("ledger") if item["sk"].isdigit()),
        key=lambda item: (item["at"], item["shard"], item["seq"]),
    )


@pytest.mark.capability("003-23")
@pytest.mark.parametrize("limit", ["3", "50"])
def test_entries_are_found_by_what_they_are(lived: World, limit: str) -> None:
    whole = everything(lived)
    first = PEOPLE[0]
    wanted = {
        "all": {},
        "purpose": {"purpose": "newsletter"},
        "kind": {"kind": "granted", "channel": "email"},
        "means": {"means": "marketer"},
        "both": {"purpose": "offers", "kind": "requested"},
        "shard": {"shard": str(shard_of(lived.key(first)))},
        "none": {"purpose": "unknown"},
    }
    for name, query in wanted.items():
        expected = [
            item["entry_id"]
            for item in whole
            if all(str(item[field]) == value for field, value in query.items())
        ]
        assert [e["entry_id"] for e in search(lived, **query, limit=limit)] == expected, name


def test_entries_are_found_by_time(lived: World) -> None:
    whole = everything(lived)
    moments = sorted({item["at"] for item in whole})
    for since, until in ((moments[0], moments[-1]), (moments[3], moments[7]), (moments[7], moments[3])):
        expected = [item["entry_id"] for item in whole if since <= item["at"] < until]
        assert [entry["entry_id"] for entry in search(lived, since=since, until=until)] == expected


def test_a_page_ends_when_it_has_looked_at_enough(lived: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "MAX_READ", 2)
    status, told = lived.json("GET /ledger/entries", query={"means": "marketer"})
    assert (status, told["entries"]) == (200, [])
    assert told["cursor"]
    assert len(search(lived, means="marketer")) == 1


def test_what_is_found_names_nobody(lived: World) -> None:
    text = json.dumps(search(lived))
    assert "example.com" not in text
    assert "203.0.113" not in text


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"cursor": "e30"}, "bad_cursor"),
        ({"limit": "0"}, "invalid"),
        ({"limit": "1000"}, "invalid"),
        ({"shard": "16"}, "invalid"),
        ({"kind": "none"}, "invalid"),
        ({"since": "2026-01-01"}, "invalid"),
        ({"since": "0001-01-01T00:00:00Z"}, "invalid"),
        ({"until": "9999-12-31T23:59:59Z"}, "invalid"),
        ({"porpose": "newsletter"}, "invalid"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(world: World, query: dict[str, str], code: str) -> None:
    status, told = world.json("GET /ledger/entries", query=query)
    assert (status, told["code"]) == (400, code)


def test_a_shard_is_read_in_pieces(lived: World) -> None:
    shard = shard_of(lived.key(PEOPLE[-1]))
    status, whole = lived.json(f"GET /ledger/shards/{shard}/entries")
    assert status == 200
    assert whole["next"] is None
    assert whole["head"]["seq"] == len(whole["entries"]) >= 3
    _, piece = lived.json(f"GET /ledger/shards/{shard}/entries", query={"after": "1", "limit": "1"})
    assert piece["entries"] == whole["entries"][1:2]
    assert piece["next"] == 2
    assert lived.json("GET /ledger/shards/16/entries")[0] == 404
    assert lived.json("GET /ledger/shards/none/entries")[0] == 404
    for wrong in ({"limit": "0"}, {"limit": "1001"}, {"after": "-1"}):
        assert lived.json(f"GET /ledger/shards/{shard}/entries", query=wrong)[0] == 400
    assert lived.json("GET /ledger/anchors", query={"limit": "101"})[0] == 400
    _, first = lived.json("GET /ledger/anchors", query={"limit": "1"})
    assert (len(first["anchors"]), first["next"]) == (1, 1)
