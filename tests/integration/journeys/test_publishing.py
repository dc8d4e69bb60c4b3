"""Documents over the API: validated, compiled, one immutable state machine per version."""

from __future__ import annotations

import json

from services.journeys.domain.compiler import compile_document
from services.journeys.domain.validation import read_document
from services.shared.aws.clients import client
from tests.integration.journeys.world import ROLE_ARN, STEP_ARN, World
from tests.unit.journeys.documents import journey, seed


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
    from tests.integration.journeys.world import entered

    world.publish(seed("welcome"))
    assert world.http("GET", "/profiles/prf_1/journeys") == (200, {"journeys": []})
    world.facts(entered("first_order", "prf_1"))
    _, body = world.http("GET", "/profiles/prf_1/journeys")
    (walk,) = body["journeys"]
    assert (walk["journey"], walk["status"], walk["node"]) == ("welcome", "active", "wait_1_day")
