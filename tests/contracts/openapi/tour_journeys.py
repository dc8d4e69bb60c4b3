"""The tour through journeys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.contracts.openapi.operations import YAML
from tests.contracts.openapi.tour import Tour

JOURNEY: dict[str, Any] = {
    "name": "second_order",
    "title": "An offer after the first order",
    "objective": "welcome",
    "angle": "lifecycle",
    "portfolio": "base",
    "brief": {
        "who": "Everybody who has just ordered",
        "why": "A second order within a month",
        "channels": ["email"],
        "needed_data": ["email", "firstName"],
    },
    "entry": {"on": [{"segment_entered": "first"}]},
    "start": "wait",
    "nodes": {
        "wait": {"type": "wait", "for": "PT1H", "next": "again"},
        "again": {
            "type": "branch",
            "branches": [{"when": {"fact": "orders", "gte": 20}, "next": "done"}],
            "default": "offer",
        },
        "offer": {"type": "send", "template": "offer", "channels": ["email"], "next": "done"},
        "done": {"type": "exit", "reason": "completed"},
    },
}
WRITTEN = b"""
name: look_back
title: A question after a month
objective: service
angle: lifecycle
portfolio: base
brief:
  who: Everybody who has just ordered
  why: To hear whether all went well
  channels: [email]
  needed_data: [email]
entry:
  on:
    - segment_entered: first
start: rest
nodes:
  rest: {type: wait, for: P30D, next: ask}
  ask: {type: send, template: thank_you, channels: [email], next: done}
  done: {type: exit, reason: completed}
"""
"""A journey in which people still wait at the end of the tour."""

ANEW: dict[str, Any] = {
    "title": "A question after two months",
    "objective": "service",
    "angle": "lifecycle",
    "portfolio": "base",
    "brief": {
        "who": "Everybody who has just ordered",
        "why": "To hear whether all went well",
        "channels": ["email"],
        "needed_data": ["email"],
    },
    "entry": {"on": [{"segment_entered": "first"}]},
    "start": "pause",
    "nodes": {
        "pause": {"type": "wait", "for": "P60D", "next": "ask"},
        "ask": {"type": "send", "template": "thank_you", "channels": ["email"], "next": "done"},
        "done": {"type": "exit", "reason": "completed"},
    },
}
"""Its second version, without a name: a draft takes that of its path."""


def documents(tour: Tour) -> None:
    """What people will walk through."""
    ask = tour.ask
    ask("POST /journeys/validate", body=JOURNEY)
    ask("POST /journeys/validate", body={**JOURNEY, "start": "nowhere"})
    ask("POST /journeys/validate", body=WRITTEN, sent_as=YAML)
    ask("POST /journeys/validate", body=b"[]", expect=400)
    ask("POST /journeys/validate", body=b"a: &a [*a]", sent_as=YAML, expect=400)
    ask("PUT /journeys/{name}", "second_order", body=JOURNEY)
    ask("PUT /journeys/{name}", "other", body=JOURNEY, expect=400)
    ask("PUT /journeys/{name}", "look_back", body=WRITTEN, sent_as=YAML)
    ask("GET /journeys")
    ask("GET /journeys/{name}", "second_order")
    ask("GET /journeys/{name}", "none", expect=404)
    ask("GET /journeys/{name}/versions/{version}", "second_order", "1")
    ask("GET /journeys/{name}/versions/{version}", "second_order", "2", expect=404)
    shelf = ask("GET /journeys/library").json()["library"]
    for ready in shelf:
        ask("GET /journeys/library/{name}", ready["name"])
    ask("GET /journeys/library/{name}", "none", expect=404)


def drafts(tour: Tour) -> None:
    """A second version of what somebody is in, first with a mistake."""
    one, ask = "/journeys/{name}/draft", tour.ask
    ask(f"GET {one}", "look_back", expect=404)
    ask("POST /journeys/{name}/publish", "look_back", expect=404)
    ask(f"PUT {one}", "look_back", body={**ANEW, "start": "nowhere"})
    ask("POST /journeys/{name}/publish", "look_back", expect=400)
    ask(f"PUT {one}", "look_back", body={**ANEW, "name": "other"}, expect=400)
    ask(f"PUT {one}", "look_back", body=ANEW, headers={"if-none-match": "*"}, expect=412)
    ask(f"PUT {one}", "look_back", body=ANEW, headers={"if-match": '"1"'})
    ask(f"PUT {one}", "wordy", body=WRITTEN.replace(b"look_back", b"wordy"), sent_as=YAML)
    ask(f"GET {one}", "look_back")
    ask("POST /journeys/{name}/publish", "look_back", headers={"if-match": '"1"'}, expect=412)
    ask("POST /journeys/{name}/publish", "look_back", headers={"if-match": '"2"'})


def running(tour: Tour) -> None:
    """Somebody waits; the journey is paused, goes on as another version, and ends."""
    ask, road = tour.ask, tour.road
    ana = road.http("GET", "/profiles/userId:ana", admin=True).json()["profile_id"]
    status = ask("GET /journeys/{name}/status", "look_back").json()
    assert status["versions"][0]["nodes"] == {"rest": 1}, status
    ask("GET /journeys/{name}/status", "look_back", query={"version": "x"}, expect=400)
    ask("GET /journeys/{name}/status", "none", expect=404)
    for by in ("angle", "objective", "journey"):
        ask("GET /journeys/report", query={"by": by})
    ask("GET /journeys/report", query={"by": "colour"}, expect=400)
    ask("GET /journeys/{name}/experiments", "look_back")
    ask("GET /journeys/{name}/experiments", "none", expect=404)
    met = ask("GET /journeys/{name}/participants", "look_back", query={"node": "rest"}).json()
    assert [one["profile_id"] for one in met["participants"]] == [ana]
    ask("GET /journeys/{name}/participants", "look_back", query={"cursor": "x"}, expect=400)
    ask("GET /journeys/{name}/participants", "none", expect=404)
    ask("GET /profiles/{profile_id}/journeys/{name}/trace", ana, "look_back")
    ask("GET /profiles/{profile_id}/journeys/{name}/trace", ana, "none", expect=404)
    _paused(tour)
    _migrated(tour)
    road.deliver()
    trace = ask("GET /profiles/{profile_id}/journeys/{name}/trace", ana, "look_back").json()
    assert "version 2" in [step["detail"] for step in trace["steps"]], trace
    ask("POST /journeys/{name}/stop", "look_back", body={"how": "drain"})
    ask("POST /journeys/{name}/stop", "look_back", body={"how": "at once"}, expect=400)
    ask("POST /journeys/{name}/stop", "none", expect=404)
    ask("POST /journeys/{name}/stop", "look_back")
    ask("POST /journeys/{name}/pause", "look_back", expect=409)
    road.deliver()


def simulations(tour: Tour) -> None:
    """A version and its draft, of a handful of made-up people."""
    many, one, ask = "/journeys/{name}/simulations", "/journeys/{name}/simulations/{simulation_id}", tour.ask
    few: dict[str, Any] = {"people": 5, "days": 3}
    begun = ask(f"POST {many}", "second_order", body=few, expect=202).json()
    ask(f"GET {one}", "second_order", begun["id"], expect=202)
    tour.road.deliver()
    ended = ask(f"GET {one}", "second_order", begun["id"]).json()
    assert (ended["state"], ended["report"]["entered"] > 0) == ("done", True), ended
    ask(f"POST {many}", "second_order", body=few)
    lived = {**few, "history": {"since": "1996-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"}, "runs": 2}
    by_history = ask(f"POST {many}", "second_order", body=lived, expect=202).json()["id"]
    tour.road.deliver()
    report = ask(f"GET {one}", "second_order", by_history).json()["report"]
    assert report["people"] > 0 < report["events"], report
    ask(f"GET {one}", "look_back", begun["id"], expect=404)
    for body, expect in (({"people": 0}, 400), ({"people": 20_000, "days": 730}, 400), ({"version": 9}, 404)):
        ask(f"POST {many}", "second_order", body=body, expect=expect)
    ask(f"POST {many}", "second_order", body={"version": "draft"}, expect=404)
    ask(f"POST {many}", "wordy_one", body={}, expect=404)


def _paused(tour: Tour) -> None:
    ask, road = tour.ask, tour.road
    ask("POST /journeys/{name}/pause", "look_back", body={"policy": "drop"})
    ask("POST /journeys/{name}/pause", "look_back")
    ask("POST /journeys/{name}/pause", "look_back", body={"policy": "forget"}, expect=400)
    ask("POST /journeys/{name}/pause", "none", expect=404)
    ask("POST /portfolio/pause", body={"objective": "service", "policy": "hold"})
    ask("POST /portfolio/pause", body={"objective": "fame"}, expect=400)
    ask("GET /portfolio/pauses")
    road.advance(timedelta(minutes=1))
    ask("POST /portfolio/resume", body={"objective": "service"})
    ask("POST /portfolio/resume", body={"objective": "fame"}, expect=400)
    ask("POST /journeys/{name}/resume", "look_back")
    ask("POST /journeys/{name}/resume", "none", expect=404)
    road.deliver()


def _migrated(tour: Tour) -> None:
    drafts(tour)
    ask, versions = tour.ask, {"from": 1, "to": 2}
    ask("GET /journeys/{name}/diff", "look_back", query={"from": "1", "to": "2"})
    ask("GET /journeys/{name}/diff", "look_back", query={"from": "1", "to": "3"}, expect=404)
    ask("GET /journeys/{name}/diff", "look_back", query={"from": "one", "to": "2"}, expect=400)
    mapped = {**versions, "nodes": {"rest": "pause"}}
    ask("POST /journeys/{name}/migrate", "look_back", body={**mapped, "dry_run": True})
    ask("POST /journeys/{name}/migrate", "look_back", body=versions, expect=400)
    ask("POST /journeys/{name}/migrate", "none", body=versions, expect=404)
    ask("POST /journeys/{name}/migrate", "look_back", body=mapped, expect=202)
    ask("POST /journeys/{name}/migrate", "look_back", body={"from": 2, "to": 1}, expect=400)
    back = {"from": 2, "to": 1, "nodes": {"pause": "rest"}}
    ask("POST /journeys/{name}/migrate", "look_back", body=back, expect=409)
