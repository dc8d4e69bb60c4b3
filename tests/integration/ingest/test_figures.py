"""Reports over the lake by the public API: real handlers, DuckDB over raw lines and Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from services.ingest.adapters.lake_function import LakeFunction
from services.ingest.handlers import compact as compactor
from services.ingest.handlers import figures
from services.ingest.lake import upkeep
from services.shared.clock import from_iso
from services.shared.contracts.past import PastAnswer, PastLine, PastQuestion
from tests.integration.ingest.conftest import World, request
from tests.integration.ingest.test_erasure import compact


def track(message: str, name: str, day: str, who: str, **properties: Any) -> dict[str, Any]:
    at = f"2026-{day}T12:00:00Z"
    return {"messageId": message, "event": name, "timestamp": at, "properties": properties, "userId": who}


def send(world: World, *messages: dict[str, Any]) -> None:
    for message in messages:
        world.post("/v1/track", message)
    world.consume()
    world.publish()


def ask(path: str) -> tuple[int, Any]:
    answer = figures.handler(request("GET", path, b"", {}), None)
    is_json = answer["headers"]["Content-Type"] == "application/json"
    return answer["statusCode"], json.loads(answer["body"]) if is_json else answer["body"]


SERVED = (
    track("m1", "Survey Answered", "03-01", "ann", score=10, survey="nps"),
    track("m2", "Survey Answered", "03-02", "bob", score=3, survey="nps"),
    track("m3", "Survey Answered", "03-02", "bob", score=9, survey="parcel"),
    track("m4", "Survey Answered", "04-02", "bob", score=9, survey="nps"),
    track("m5", "Question Answered", "03-03", "ann"),
    track("m6", "Question Answered", "03-03", "bob"),
    track("m7", "Call Received", "03-05", "bob-by-phone"),
)
BOUGHT = (
    *(track(f"a{n}", "Order Completed", f"01-0{n + 1}", "ann", revenue=5) for n in range(3)),
    track("a3", "Order Completed", "03-01", "ann", revenue=40),
    track("b0", "Order Completed", "01-05", "bob", revenue=20),
    track("b1", "Order Completed", "03-05", "bob", revenue=20),
    track("c0", "Order Completed", "01-06", "cas", revenue=9),
    track("i0", "Invite Accepted", "03-09", "ann"),
)


@pytest.fixture
def lived(world: World, tmp_path: Path) -> World:
    """Half of it in Parquet, half raw and told twice; the phone number turns out to be Bob's."""
    send(world, *SERVED[:4], *BOUGHT[:4])
    compact(tmp_path)
    send(world, *SERVED[3:], *BOUGHT[3:])
    bob, phone = (world.admin("GET", f"/profiles/{who}")[1]["profile_id"] for who in ("bob", "bob-by-phone"))
    assert world.review("POST", f"/profiles/{bob}/merges", {"with": phone})[0] == 200
    return world


@pytest.mark.capability("001-24")
@pytest.mark.capability("000-37")
def test_satisfaction_service_and_loyal_customers_are_reports(lived: World) -> None:
    status, nps = ask("/reports/nps?survey=nps")
    assert (status, nps["asked"]) == (200, {"event": "Survey Answered", "survey": "nps"})
    assert [(row["month"], row["answers"], row["nps"]) for row in nps["rows"]] == [
        ("2026-03", 2, 0.0),
        ("2026-04", 1, 100.0),
    ]
    assert nps["totals"] == {"answers": 3, "promoters": 2, "passives": 0, "detractors": 1, "nps": 33.33}
    assert ask("/reports/nps")[1]["totals"]["answers"] == 4

    _, service = ask("/reports/service")
    assert service["rows"] == [{"month": "2026-03", "contacts": 1, "self_served": 2, "avoided": 1}]
    assert service["totals"]["avoided_share"] == 0.5
    assert ask("/reports/service?within=1")[1]["totals"]["avoided"] == 2

    _, loyal = ask("/reports/loyal?at=2026-02-01&period=60")
    told = {row["customers"]: (row["people"], row["basket"], row["churned"]["hits"]) for row in loyal["rows"]}
    assert told == {"loyal": (1, 40.0, 0), "new": (2, 20.0, 1)}
    assert loyal["rows"][0]["referred"]["hits"] == 1
    assert loyal["totals"]["basket_times"] == 2.0

    rows = list(csv.DictReader(io.StringIO(ask("/reports/loyal?at=2026-02-01&period=60&format=csv")[1])))
    assert [(row["customers"], row["churned_rate"]) for row in rows] == [("loyal", "0.0"), ("new", "0.5")]


def test_what_is_still_being_counted_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LakeFunction, "count", lambda *_: None)
    answer = figures.handler(request("GET", "/reports/service", b"", {}), None)

    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (202, "5")
    assert json.loads(answer["body"])["asked"]["within"] == 7
    assert ask("/reports/service?format=csv")[0] == 202


def test_what_cannot_be_asked_is_refused(world: World) -> None:
    for path, code in (
        ("/reports/nps?format=xls", "bad_format"),
        ("/reports/nps?survy=nps", "invalid"),
        ("/reports/service?contact=,", "invalid"),
        ("/reports/service?within=0", "invalid"),
        ("/reports/loyal?at=soon", "invalid"),
        ("/reports/loyal?at=9999-12-31", "invalid"),
        ("/reports/loyal?period=x", "invalid"),
    ):
        status, said = ask(path)
        assert (status, said["code"]) == (400, code), path


def test_the_past_is_told_page_by_page_by_whoever_it_belongs_to_today(
    lived: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived.post("/v1/identify", {"messageId": "t1", "userId": "cas", "traits": {"email": "cas@example.com"}})
    lived.consume()
    lived.publish()
    whole = told(PAST)
    assert Counter(one.event for one in whole if one.type == "track") == {
        "Survey Answered": 3,
        "Question Answered": 2,
        "Call Received": 1,
        "Order Completed": 2,
        "Invite Accepted": 1,
    }
    bob = lived.admin("GET", "/profiles/bob")[1]["profile_id"]
    assert {one.person for one in whole if one.event == "Call Received"} == {bob}
    assert [one.properties for one in whole if one.event == "Order Completed" and one.person == bob] == [
        {"revenue": 20}
    ]
    monkeypatch.setattr(upkeep, "PAGE_BYTES", 1500)
    assert sorted(map(str, told(PAST))) == sorted(map(str, whole))


PAST = PastQuestion(since=from_iso("2026-03-01T00:00:00Z"), until=from_iso("2026-04-01T00:00:00Z"))


def told(question: PastQuestion) -> list[PastLine]:
    answer = PastAnswer.model_validate(compactor.handler({"past": question.model_dump(mode="json")}, None))
    rest = told(question.model_copy(update={"after": answer.after})) if answer.after else []
    return [*answer.lines, *rest]
