"""Ready-made journeys and YAML over the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.journeys.adapters.library_files import FOLDER, shelf
from services.journeys.domain.yaml_text import read_yaml
from services.journeys.handlers import api
from tests.integration.journeys.world import Context, World
from tests.unit.journeys.documents import journey

AS_YAML = """
# what a marketer writes
name: trial
title: A trial
objective: welcome
angle: lifecycle
portfolio: base
brief: {who: People on trial, why: That they stay, channels: [email], needed_data: [email]}
entry:
  on:
    - called: true
start: hello
nodes:
  hello: {type: send, template: hello, channels: [email], next: done}
  done: {type: exit, reason: done}
"""


def put(path: str, text: str, kind: str = "application/yaml; charset=utf-8") -> tuple[int, dict[str, Any]]:
    method = "POST" if path.endswith("validate") else "PUT"
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "headers": {"content-type": kind},
        "body": text,
        "isBase64Encoded": False,
    }
    response = api.handler(event, Context())
    return response["statusCode"], json.loads(response["body"])


def test_yaml_is_published_as_the_same_version_as_its_json(world: World) -> None:
    status, body = put("/journeys/trial", AS_YAML)
    assert status == 200
    assert world.publish(read_yaml(AS_YAML)) == body
    _, shown = world.http("GET", "/journeys/trial")
    assert shown["document"]["entry"] == {"on": [{"called": True}]}


def test_yaml_that_is_none_is_refused_with_its_line(world: World) -> None:
    status, body = put("/journeys/trial", AS_YAML + "start: again\n")
    assert (status, body["code"]) == (400, "invalid_yaml")
    assert "line 16, column 1" in body["message"]
    status, body = put("/journeys/trial", AS_YAML, "application/json")
    assert (status, body["code"]) == (400, "invalid_json")


def test_validation_says_all_at_once_and_what_may_not_be_meant(world: World) -> None:
    status, body = put("/journeys/validate", AS_YAML.replace("title: A trial", "title: ''") + "zone: Mars\n")
    assert (status, body["valid"]) == (200, False)
    assert {problem["path"] for problem in body["problems"]} == {"title", "zone"}
    assert "diagram" not in body

    calling = AS_YAML.replace("reason: done", "reason: done, enter: other")
    _, body = put("/journeys/validate", calling)
    assert body["valid"] is True
    assert body["warnings"] == [{"path": "nodes.done.enter", "message": "there is no journey 'other' yet"}]

    world.publish(journey(name="other"))
    _, body = put("/journeys/validate", calling)
    assert body["warnings"] == [
        {"path": "nodes.done.enter", "message": "'other' lets nobody in who is called"}
    ]


@pytest.mark.capability("000-17")
def test_templates_of_the_library_publish_unchanged(world: World) -> None:
    """One for each objective, as the route gives them."""
    _, body = world.http("GET", "/journeys/library")
    by_objective = {one["objective"]: one["name"] for one in body["library"]}
    assert world.plan("PUT", "/portfolio/settings", {"most_base": len(by_objective)})[0] == 200
    assert len(body["library"]) == len(shelf())
    for name in by_objective.values():
        _, ready = world.http("GET", f"/journeys/library/{name}")
        assert world.publish(ready["document"])["version"] == 1
    _, listed = world.http("GET", "/journeys")
    assert {one["objective"] for one in listed["journeys"]} == set(by_objective)
    assert all(one["kpi"] and one["angle"] for one in listed["journeys"])


@pytest.mark.capability("001-17")
def test_a_current_campaign_that_nobody_can_learn_from_is_not_published(world: World) -> None:
    status, body = put("/journeys/trial", AS_YAML.replace("portfolio: base", "portfolio: current"))
    assert (status, body["code"]) == (400, "invalid_journey")
    assert all(
        f"{path}: is required" in body["message"] for path in ("goal", "brief.step", "brief.hypothesis")
    )
    assert world.http("GET", "/journeys")[1] == {"journeys": []}


@pytest.mark.capability("000-18")
def test_an_offer_before_a_meeting_is_not_published(world: World) -> None:
    winning_back = AS_YAML.replace("objective: welcome", "objective: win_back")
    status, body = put(
        "/journeys/trial", winning_back.replace("next: done}", "tone: commercial, next: done}")
    )
    assert (status, body["code"]) == (400, "invalid_journey")
    assert "nodes.hello.tone: commercial before relational" in body["message"]
    assert (
        put("/journeys/trial", winning_back.replace("next: done}", "tone: relational, next: done}"))[0] == 200
    )


def test_a_journey_that_is_not_on_the_shelf_is_not_found(world: World) -> None:
    assert world.http("GET", "/journeys/library/nothing")[0] == 404


def test_nobody_takes_the_library_s_own_name(world: World) -> None:
    status, body = world.http("PUT", "/journeys/library", journey(name="library"))
    assert (status, body["message"]) == (400, "name: 'library' is a route of its own")


def test_a_file_of_the_library_is_within_the_limits_of_a_request() -> None:
    assert all(file.stat().st_size < 20_000 for file in FOLDER.glob("*.yaml"))
