"""Documents over the API: validated, compiled, one immutable state machine per version."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.journeys.bootstrap import publishing, walking
from services.journeys.domain.compiler import compile_document
from services.journeys.domain.validation import read_document
from services.shared.aws.clients import client
from services.shared.contracts.ingest import AttributeRegistry, AttributesChanged
from tests.integration.journeys.world import NOON, ROLE_ARN, STEP_ARN, World, entered
from tests.unit.journeys.documents import brief, journey, seed


def machines() -> dict[str, str]:
    found = client("stepfunctions").list_state_machines()["stateMachines"]
    return {m["name"]: m["stateMachineArn"] for m in found}


def test_a_published_version_is_a_state_machine_of_its_own(world: World) -> None:
    body = world.publish(seed("welcome"))
    assert body["version"] == 1
    assert machines() == {"halte-test-welcome-v1": body["state_machine_arn"]}
    made = client("stepfunctions").describe_state_machine(stateMachineArn=body["state_machine_arn"])
    assert made["roleArn"] == ROLE_ARN
    expected = compile_document(read_document(seed("welcome")), step_function_arn=STEP_ARN)
    assert json.loads(made["definition"]) == expected


def test_the_same_document_is_the_same_version_and_another_the_next(world: World) -> None:
    first = world.publish(journey())
    assert world.publish(journey()) == first
    second = world.publish(journey(title="Other"))
    assert second["version"] == 2
    assert set(machines()) == {"halte-test-trial-v1", "halte-test-trial-v2"}
    assert world.publish(journey())["version"] == 3


def test_a_version_number_taken_by_an_unfinished_publication_is_skipped(world: World) -> None:
    client("stepfunctions").create_state_machine(
        name="halte-test-trial-v1", definition='{"StartAt": "x", "States": {}}', roleArn=ROLE_ARN
    )
    assert world.publish(journey())["version"] == 2


def test_bad_documents_are_refused_with_every_problem(world: World) -> None:
    status, body = world.http("PUT", "/journeys/trial", journey(start="gone", title=""))
    assert status == 400
    assert body["code"] == "invalid_journey"
    assert "title:" in body["message"]
    assert "start: no node is called 'gone'" in body["message"]
    status, body = world.http("PUT", "/journeys/other", journey())
    assert (status, body["message"]) == (400, "name: must be 'other', as in the path")
    assert machines() == {}


def test_validation_publishes_nothing(world: World) -> None:
    status, body = world.http("POST", "/journeys/validate", journey())
    assert (status, body["valid"]) == (200, True)
    assert body["diagram"]["mermaid"].startswith("flowchart TD")
    status, body = world.http("POST", "/journeys/validate", journey(start="gone"))
    assert (status, body["valid"]) == (200, False)
    assert body["problems"] == [{"path": "start", "message": "no node is called 'gone'"}]
    assert machines() == {}


def test_journeys_can_be_listed_and_shown(world: World) -> None:
    world.publish(journey())
    world.publish(journey(title="Other"))
    world.publish(seed("lapsed"))
    _, body = world.http("GET", "/journeys")
    assert [(j["name"], j["version"], j["title"]) for j in body["journeys"]] == [
        ("lapsed", 1, "Ninety days without an order"),
        ("trial", 2, "Other"),
    ]
    status, body = world.http("GET", "/journeys/trial")
    assert status == 200
    assert body["document"] == journey(title="Other")
    assert [v["version"] for v in body["versions"]] == [1, 2]
    assert body["diagram"]["dot"].startswith("digraph")
    assert world.http("GET", "/journeys/none")[0] == 404


def test_a_person_s_journeys_can_be_seen(world: World) -> None:
    world.publish(seed("welcome"))
    assert world.http("GET", "/profiles/prf_1/journeys") == (200, {"journeys": []})
    world.facts(entered("first_order", "prf_1"))
    _, body = world.http("GET", "/profiles/prf_1/journeys")
    (walk,) = body["journeys"]
    assert (walk["journey"], walk["status"], walk["node"]) == ("welcome", "active", "wait_1_day")


def registry(version: int, policy: Any, *names: str) -> AttributesChanged:
    row = AttributeRegistry(policy=policy, names=list(names), version=version, at=NOON)
    return AttributesChanged(changes=[row])


@pytest.mark.capability("000-5")
def test_publishing_without_a_brief_fails(world: World) -> None:
    raw = journey()
    del raw["brief"]["why"]
    status, body = world.http("PUT", "/journeys/trial", raw)
    assert (status, body) == (400, {"code": "invalid_journey", "message": "brief.why: Field required"})
    del raw["brief"]
    status, body = world.http("PUT", "/journeys/trial", raw)
    assert status == 400
    assert body["message"].split("; ")[0] == "brief.who: Field required"
    assert machines() == {}
    assert world.http("GET", "/journeys")[1] == {"journeys": []}


@pytest.mark.capability("000-5")
def test_data_that_is_needed_must_be_registered_where_the_policy_says_so(world: World) -> None:
    """F2: an older registry that comes late changes nothing."""
    needs = journey(brief=brief("email", needed_data=["email", "plan"]))
    assert world.publish(needs)["version"] == 1

    assert world.facts(registry(2, "quarantine", "email", "phone")) == []
    assert world.facts(registry(1, "open", "email", "phone", "plan")) == []
    other = {**needs, "title": "Other"}
    status, body = world.http("PUT", "/journeys/trial", other)
    assert (status, body["code"]) == (400, "invalid_journey")
    assert body["message"].startswith("brief.needed_data.1: no attribute 'plan' is registered")
    assert world.http("POST", "/journeys/validate", other)[1]["problems"][0]["path"] == "brief.needed_data.1"

    assert world.facts(registry(3, "quarantine", "email", "phone", "plan")) == []
    assert world.publish(other)["version"] == 2
    (shown,) = world.http("GET", "/journeys")[1]["journeys"]
    assert shown["needed_data"] == ["email", "plan"]


def test_a_version_from_before_there_were_briefs_still_runs(world: World) -> None:
    """F43."""
    world.publish(seed("welcome"))
    key = {"pk": {"S": "welcome"}, "sk": {"S": "V#00001"}}
    item = client("dynamodb").get_item(TableName="definitions", Key=key)["Item"]
    document = json.loads(item["document"]["S"])
    del document["brief"]
    client("dynamodb").update_item(
        TableName="definitions",
        Key=key,
        UpdateExpression="SET #document = :document",
        ExpressionAttributeNames={"#document": "document"},
        ExpressionAttributeValues={":document": {"S": json.dumps(document)}},
    )
    walking.reacting.cache_clear()
    publishing.publishing.cache_clear()
    assert world.facts(entered("first_order", "prf_1")) == []
    (walk,) = world.http("GET", "/profiles/prf_1/journeys")[1]["journeys"]
    assert walk["status"] == "active"
    assert world.http("GET", "/journeys")[1]["journeys"][0]["needed_data"] == []
