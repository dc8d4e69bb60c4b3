"""Shortcuts through moto end where moto's own way does: the same random requests, asked in one process of each."""

from __future__ import annotations

import ast
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws

from tests.support.thorough import EXHAUSTIVE

ROOT = Path(__file__).parents[3]
REQUESTS = 1200 if EXHAUSTIVE else 150
UPDATES = (
    *("SET #a = :v", "SET a = :v, b = :w", "SET n = n + :one", "SET n = if_not_exists(n, :one) - :one"),
    *("SET l = list_append(l, :l)", "SET l = list_append(if_not_exists(l, :l), :l)", "SET l[1] = :v"),
    *(
        "SET m.x = :v",
        "SET m.#a = m.x",
        "SET nowhere.x = :v",
        "SET a = b",
        "SET pk = :v",
        "SET #a = :v, #a = :w",
    ),
    *(
        "SET m = :v, m.x = :w",
        "SET a = :unsaid",
        "SET #unsaid = :v",
        "SET size = :v",
    ),
    *("ADD n :one", "ADD s :s", "ADD hits :one", "DELETE s :s", "REMOVE a, m.x", "REMOVE l[0], l[1]"),
    *("REMOVE pk", "SET a = :v REMOVE b ADD n :one DELETE s :s", "SET", "SET idx = :empty", "SET idx = :one"),
)
CONDITIONS = (
    *(
        "attribute_exists(pk)",
        "attribute_not_exists(pk)",
        "n < :one",
        "#a = :v OR NOT (n >= :one AND b <> :w)",
    ),
    *("begins_with(a, :v)", "contains(s, :v)", "size(a) > :one", "n BETWEEN :one AND :one", "a IN (:v, :w)"),
    *("m.x = :v", "attribute_type(a, :v)", "a = :unsaid", "(a = :v", "#unsaid = :v"),
)


def value(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.choice(("S", "N", "BOOL", "NULL", "B", "SS", "NS", "BS") + ("L", "M") * (depth < 2))
    made: dict[str, Callable[[], Any]] = {
        "S": lambda: chance.choice(("", "v", "w", "één", "vw" * chance.randint(1, 9))),
        "N": lambda: chance.choice(("0", "1", "-2.50", "1e3", "nine", 5)),
        "BOOL": lambda: chance.choice((True, False)),
        "NULL": lambda: True,
        "B": lambda: chance.choice((b"", b"v", b"\x00\xff")),
        "SS": lambda: chance.sample(["v", "w", "x"], chance.randint(0, 3)),
        "NS": lambda: chance.sample(["1", "2", "3"], chance.randint(1, 3)),
        "BS": lambda: chance.sample([b"v", b"w"], chance.randint(1, 2)),
        "L": lambda: [value(chance, depth + 1) for _ in range(chance.randint(0, 3))],
        "M": lambda: {name: value(chance, depth + 1) for name in chance.sample("xyz", chance.randint(0, 3))},
    }
    return {kind: made[kind]()}


def key(chance: random.Random) -> dict[str, Any]:
    return {"pk": {"S": chance.choice("pqr")}, "sk": {"N": chance.choice(("1", "2", "10"))}}


def item(chance: random.Random) -> dict[str, Any]:
    usual = {"n": {"N": "3"}, "s": {"SS": ["v"]}, "l": {"L": [{"S": "v"}]}, "m": {"M": {"x": {"S": "v"}}}}
    given = {name: value(chance) for name in chance.sample("abnslm", chance.randint(0, 5))}
    wrong: list[dict[str, Any]] = [
        {"idx": {"S": chance.choice(("", "i", "j"))}},
        {"pk": {"N": "1"}},
        {"a": "v"},
    ]
    wrong += [{"a": {"S": "x" * 405_000}}, {"a": {"S": "v", "N": "1"}}, {"a": {"Q": "v"}}, {"a": {"N": 1}}]
    return {**usual, **given, **key(chance), **(chance.choice(wrong) if chance.random() < 0.1 else {})}


def said(chance: random.Random, *expressions: str) -> dict[str, Any]:
    """Names and values of what expressions speak of, and now and then of more."""
    text = " ".join(expressions)
    more = chance.random() < 0.05 and "SET" not in text  # of two faults another may be told
    names = {"#a": "a"} if "#a" in text or more else {}
    known = {":v": value(chance), ":w": {"S": "w"}, ":one": {"N": "1"}, ":l": {"L": [value(chance)]}}
    known |= {":s": {"SS": ["v", "y"]}, ":empty": {"S": ""}}
    values = {
        name: one for name, one in known.items() if name in text.replace(",", " ").replace(")", " ") or more
    }
    asked = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    return {name: one for name, one in asked.items() if one}


def write(chance: random.Random) -> tuple[str, dict[str, Any]]:
    kind = chance.choice(("Put", "Put", "Update", "Update", "Delete"))
    condition = chance.choice(CONDITIONS) if chance.random() < 0.4 else ""
    update = chance.choice(UPDATES) if kind == "Update" else ""
    asked = {"TableName": chance.choice(("one", "two")), **said(chance, condition, update)}
    asked |= {"Item": item(chance)} if kind == "Put" else {"Key": key(chance)}
    asked |= {"UpdateExpression": update} if update else {}
    asked |= {"ConditionExpression": condition} if condition else {}
    return kind, asked


def request(chance: random.Random) -> tuple[str, dict[str, Any]]:
    table = chance.choice(("one", "two"))
    drawn = chance.random()
    if drawn < 0.5:
        kind, asked = write(chance)
        returned = {"Put": ("NONE", "ALL_OLD"), "Update": ("ALL_NEW", "UPDATED_OLD"), "Delete": ("ALL_OLD",)}
        return f"{kind.lower()}_item", {**asked, "ReturnValues": chance.choice(returned[kind])}
    if drawn < 0.65:
        return "transact_write_items", {
            "TransactItems": [
                {kind: one} for kind, one in (write(chance) for _ in range(chance.randint(1, 3)))
            ]
        }
    if drawn < 0.75:
        more = {"ProjectionExpression": "pk, m.x, l[0]"} if chance.random() < 0.3 else {}
        return "get_item", {"TableName": table, "Key": key(chance), **more}
    if drawn < 0.8:
        return "batch_get_item", {"RequestItems": {table: {"Keys": [key(chance) for _ in range(3)]}}}
    if drawn < 0.85:
        return "batch_write_item", {"RequestItems": {table: [{"PutRequest": {"Item": item(chance)}}]}}
    condition = chance.choice(CONDITIONS[2:])
    if drawn < 0.9:
        return "scan", {"TableName": table, "FilterExpression": condition, **said(chance, condition)}
    where = chance.choice(("pk = :p", "pk = :p AND sk > :k", "pk = :p AND sk BETWEEN :k AND :k", "sk = :k"))
    values = {":p": {"S": "p"}} | ({":k": {"N": "2"}} if ":k" in where else {})
    asked = {"TableName": table, "KeyConditionExpression": where, "ExpressionAttributeValues": values}
    if chance.random() < 0.3:
        asked |= {"IndexName": "index", "KeyConditionExpression": "idx = :p"}
    return "query", {**asked, "Limit": chance.randint(1, 9), "ScanIndexForward": chance.random() < 0.7}


def answers(requests: int) -> list[Any]:
    """What moto answers to some random requests, and what is on the tables' streams at the end."""
    chance = random.Random(8)
    with mock_aws():
        client, found = boto3.client("dynamodb"), []
        for table in ("one", "two"):
            client.create_table(**TABLE, TableName=table)
        for _ in range(requests):
            name, asked = request(chance)
            found.append((name, asked, outcome(getattr(client, name), asked)))
        streams = boto3.client("dynamodbstreams")
        for one in streams.list_streams()["Streams"]:
            arn = one["StreamArn"]
            (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
            start = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            records = streams.get_records(ShardIterator=streams.get_shard_iterator(**start)["ShardIterator"])
            for record in records["Records"]:
                record.pop("eventID")
                record["dynamodb"].pop("SizeBytes")  # with the digits of the time
                at = record["dynamodb"].pop("ApproximateCreationDateTime")
                found.append((record, f"{type(at)} {at.tzinfo}"))
    return [orderless(one) for one in found]


def orderless(said: Any) -> Any:
    """Sets have no order, nor has moto one for them."""
    if isinstance(said, dict):
        return {
            name: sorted(one) if name in ("SS", "NS", "BS") else orderless(one) for name, one in said.items()
        }
    return type(said)(map(orderless, said)) if isinstance(said, list | tuple) else said


TABLE: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": kind}
        for name, kind in (("pk", "S"), ("sk", "N"), ("idx", "S"))
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "index",
            "KeySchema": [{"AttributeName": "idx", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}


def outcome(ask: Callable[..., Any], asked: dict[str, Any]) -> Any:
    try:
        answer = ask(**asked)
    except ClientError as error:
        return error.response["Error"], error.response.get("CancellationReasons"), error.response.get("Item")
    except ParamValidationError as error:
        return str(error)
    except Exception as error:  # where moto itself stumbles
        return repr(error)
    return {name: one for name, one in answer.items() if name != "ResponseMetadata"}


def test_the_same_is_answered_as_on_moto_s_own_way() -> None:
    code = f"from tests.unit.support.test_quick_moto import answers; print(answers({REQUESTS}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr
    for ours, theirs in zip(answers(REQUESTS), ast.literal_eval(done.stdout), strict=True):
        assert ours == theirs
