"""CloudFormation references, resolved across stacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.stage import Route
from tests.support.templates import Templates

PLATFORM = {
    "Resources": {
        "Bus1": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "b"}},
        "Announce": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "/halte/local/bus-name", "Value": {"Ref": "Bus1"}},
        },
    }
}


def resolve(tmp_path: Path, value: Any) -> Any:
    """What a property of a queue in a second stack comes to."""
    service = {
        "Parameters": {
            "Announced": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/halte/local/bus-name"}
        },
        "Resources": {
            "Q1": {"Type": "AWS::SQS::Queue", "Properties": {"Tested": value}},
            "T1": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
        },
    }
    (tmp_path / "halte-local-platform.template.json").write_text(json.dumps(PLATFORM))
    (tmp_path / "halte-local-scoring.template.json").write_text(json.dumps(service))
    [queue] = Templates(tmp_path).resources("AWS::SQS::Queue")
    assert (queue.service, queue.name) == ("scoring", "halte-local-scoring-Q1")
    return queue.properties["Tested"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ({"Ref": "T1"}, "halte-local-scoring-T1"),
        ({"Ref": "Q1"}, "https://sqs.us-east-1.amazonaws.com/123456789012/halte-local-scoring-Q1"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Announced"}, "halte-local-platform-Bus1"),
        (
            {"Fn::GetAtt": ["T1", "Arn"]},
            "arn:aws:dynamodb:us-east-1:123456789012:table/halte-local-scoring-T1",
        ),
        ({"Fn::GetAtt": "Q1.QueueName"}, "halte-local-scoring-Q1"),
        ({"Fn::Join": ["", ["a:", {"Ref": "T1"}]]}, "a:halte-local-scoring-T1"),
        ({"Fn::Select": [1, {"Fn::Split": ["-", "a-b-c"]}]}, "b"),
        ({"Fn::Sub": "x/${AWS::Region}/${T1}"}, "x/us-east-1/halte-local-scoring-T1"),
        ({"Fn::Sub": ["${Name}-${T1.Name}", {"Name": "n"}]}, "n-halte-local-scoring-T1"),
        ([{"deep": {"Ref": "T1"}}], [{"deep": "halte-local-scoring-T1"}]),
    ],
)
def test_references(tmp_path: Path, value: Any, expected: Any) -> None:
    assert resolve(tmp_path, value) == expected


def test_what_it_does_not_know_it_refuses(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError):
        resolve(tmp_path, {"Fn::ImportValue": "x"})


@pytest.mark.parametrize(
    ("key", "method", "path", "expected"),
    [
        ("GET /a/{id}", "GET", "/a/7", {"id": "7"}),
        ("GET /a/{id}", "GET", "/a/7/b", None),
        ("GET /a/{id}", "POST", "/a/7", None),
        ("ANY /a", "HEAD", "/a", {}),
        ("GET /a.b", "GET", "/axb", None),
    ],
)
def test_routes(key: str, method: str, path: str, expected: dict[str, str] | None) -> None:
    assert Route(key, "arn", None).match(method, path) == expected
