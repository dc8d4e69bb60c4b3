"""Imports from a file to profiles: dry run, faults by name, repetition, resumption."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from services.ingest.domain.lake import Amendment
from services.ingest.imports import work as imports
from services.ingest.imports.unwind import Unwinder
from services.ingest.lake.upkeep import LakeKeeper
from services.shared.aws.clients import client
from tests.integration.ingest.conftest import World
from tests.integration.ingest.importing import BUCKET, CONTACTS, Context, Importer, open_importer
from tests.integration.ingest.test_rebuild import decide, differences, profile_id_of, settle
from tests.integration.ingest.test_rebuild import keeper as keeper  # the fixture

HEADER = "user_id,email,first_name,updated_at\n"


@pytest.fixture
def importer(world: World, monkeypatch: pytest.MonkeyPatch) -> Importer:
    return open_importer(world, monkeypatch)


def contacts(count: int, start: int = 1) -> str:
    rows = (f"u-{n},p{n}@example.com,P{n},2026-01-02T00:00:00Z\n" for n in range(start, start + count))
    return HEADER + "".join(rows)


def state(world: World) -> tuple[Any, ...]:
    """Everything an import may change."""
    tables = ("Profiles", "ProfileParts", "Identities", "Sources")
    items = [client("dynamodb").scan(TableName=name)["Items"] for name in tables]
    return (*items, world.take())


@pytest.mark.capability("001-1")
def test_a_bad_row_is_reported_and_good_rows_land(importer: Importer, world: World) -> None:
    text = (
        contacts(2)
        + "u-3,p3@example.com\n"
        + ",nobody,X,\n"
        + "u-5,p5@example.com,=cmd(),yesterday\n"
        + "u-6,,Six,\n"
    )
    job = importer.run(text)
    assert (job["job_status"], job["total_processed"], job["events"]) == ("COMPLETED", 6, 3)
    assert [(f["row"], f["code"], f["field"]) for f in job["failures"]] == [
        (3, "cell_count", ""),
        (4, "no_identity", ""),
        (5, "bad_value", "timestamp"),
    ]
    assert [row["row"] for row in importer.report(job)] == ["3", "4", "5"]
    world.consume()
    status, found = world.admin("GET", "/profiles/u-1")
    assert (status, found["traits"]["email"]) == (200, "p1@example.com")
    assert world.admin("GET", "/profiles/u-6")[0] == 200
    assert {line["door"] for line in world.lake()} == {"import"}
    assert {line["receipt"] for line in world.lake()} == {f"imp-{job['id']}-{n}" for n in (1, 2, 6)}


def test_a_dry_run_changes_nothing_and_plans(importer: Importer, world: World) -> None:
    importer.run(contacts(2))
    world.consume()
    before = state(world)
    text = (
        HEADER
        + "u-1,p1@example.com,One,\n"  # known
        + "u-9,p1@example.com,Thief,\n"  # another user with a known address
        + "u-10,new@example.com,New,\n"
        + "u-10,new@example.com,Again,\n"
        + ",x,Nobody,\n"
    )
    job = importer.run(text, dry_run=True)
    assert state(world) == before
    plan = job["plan"]
    assert (plan["rows"], plan["new_profiles"], plan["complete"]) == (4, 2, True)
    assert [one["row"] for one in plan["joined"]] == [1]
    assert plan["conflicts"] == [{"row": 2, "reason": "conflict"}]
    assert plan["same_person_in_file"] == [{"row": 4, "of_row": 3}]
    assert (plan["total_merges"], job["total_failures"]) == (0, 1)


def test_a_dry_run_finds_whom_it_would_merge(importer: Importer, world: World) -> None:
    world.post("/v1/identify", {"userId": "u-1", "messageId": "m-1", "traits": {"firstName": "Ann"}})
    world.post("/v1/page", {"anonymousId": "a-1", "messageId": "m-2"})
    world.consume()
    line = json.dumps(
        {"type": "identify", "userId": "u-1", "anonymousId": "a-1", "messageId": "x", "traits": {}}
    )
    job = importer.run(f"{line}\n{line}\n", format="ndjson", mapping=None, dry_run=True)
    (merge,) = job["plan"]["merges"]
    assert (len(merge["profiles"]), merge["rows"]) == (2, [1, 2])
    assert job["plan"]["repeated_message_ids"] == [{"row": 2, "of_row": 1}]


@pytest.mark.capability("003-2")
def test_a_master_list_wants_an_email_of_everybody(importer: Importer, world: World) -> None:
    text = HEADER + "u-1,p1@example.com,One,\nu-2,,Two,\nu-3,not an address,Three,\n"
    job = importer.run(text, policy={"email_required": True})
    assert (job["events"], job["total_exceptions"], job["total_failures"]) == (1, 2, 0)
    assert [(one["row"], one["code"]) for one in job["exceptions"]] == [(2, "no_email"), (3, "no_email")]
    assert [(row["row"], row["what"]) for row in importer.report(job)] == [
        ("2", "exception"),
        ("3", "exception"),
    ]
    world.consume()
    assert [world.admin("GET", f"/profiles/u-{n}")[0] for n in (1, 2, 3)] == [200, 404, 404]


def test_traits_of_a_file_are_imported_and_never_beat_what_a_person_declared(
    importer: Importer, world: World
) -> None:
    declared = {"userId": "u-1", "messageId": "m", "timestamp": "2025-01-01T00:00:00Z"}
    world.post("/v1/identify", {**declared, "traits": {"firstName": "Ann"}})
    importer.run(HEADER + "u-1,p1@example.com,Wrong,2026-01-02T00:00:00Z\n")
    world.consume()
    traits = world.admin("GET", "/profiles/u-1")[1]["traits"]
    assert (traits["firstName"], traits["email"]) == ("Ann", "p1@example.com")


def test_a_worker_that_dies_or_runs_out_of_time_goes_on(
    importer: Importer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: after any portion, before or after the job says so; F1: the queue delivers the job twice."""
    monkeypatch.setattr(imports, "PORTION", 2)
    job_id = importer.create(gzip.compress(contacts(9).encode()))
    save = imports.ImportWorker._report
    deaths = iter([True, False, True, False, False])

    def dying(self: Any, job: str, judged: Any) -> None:
        save(self, job, judged)
        if next(deaths, False):
            raise ConnectionError("the process died")

    monkeypatch.setattr(imports.ImportWorker, "_report", dying)
    from services.ingest.handlers import on_imports

    (record,) = importer.records()
    answers = [on_imports.handler({"Records": [record]}, Context(lambda: False)) for _ in range(6)]
    assert any(answer["batchItemFailures"] for answer in answers)
    importer.work()
    job = importer.call("GET", f"/imports/{job_id}")[1]
    assert (job["job_status"], job["total_processed"], job["events"], job["completed_pieces"]) == (
        "COMPLETED",
        9,
        9,
        5,
    )
    world.consume()
    assert len(world.profiles()) == 9
    assert all(profile["counts"] == {"identify": 1} for profile in world.profiles())


def test_importing_the_same_rows_again_changes_no_trait(importer: Importer, world: World) -> None:
    importer.run(contacts(3))
    world.consume()
    before = [profile["traits"] for profile in world.profiles()]
    importer.run(contacts(3))
    world.consume()
    assert [profile["traits"] for profile in world.profiles()] == before


def test_two_workers_on_one_job_do_its_work_once(importer: Importer, world: World) -> None:
    job_id = importer.create(contacts(3))
    assert importer.call("POST", f"/imports/{job_id}/start")[0] == 202
    assert importer.work() == 2
    job = importer.call("GET", f"/imports/{job_id}")[1]
    assert (job["total_processed"], job["events"]) == (3, 3)


def test_a_broken_file_fails_its_job_and_what_came_before_stands(
    importer: Importer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "PORTION", 2)
    job = importer.run(contacts(4) + '"never closed\n')
    assert (job["job_status"], job["broken"]["code"], job["total_processed"]) == ("FAILED", "broken_csv", 4)
    world.consume()
    assert len(world.profiles()) == 4


def test_a_file_is_uploaded_to_the_url_that_was_given(importer: Importer, world: World) -> None:
    body = {"source": "crm", "format": "csv", "mapping": CONTACTS}
    status, job = importer.call("POST", "/imports", body)
    assert (status, job["job_status"]) == (202, "CREATED")
    assert importer.call("POST", f"/imports/{job['id']}/start")[1]["code"] == "no_file"
    assert f"/imports/{job['id']}/file?" in job["upload_url"]
    client("s3").put_object(Bucket=BUCKET, Key=f"imports/{job['id']}/file", Body=contacts(1).encode())
    assert importer.call("POST", f"/imports/{job['id']}/start")[1]["job_status"] == "PROCESSING"
    importer.work()
    assert importer.call("GET", f"/imports/{job['id']}")[1]["job_status"] == "COMPLETED"
    assert importer.call("POST", f"/imports/{job['id']}/start")[1]["code"] == "import_ended"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"source": "nobody"}, "unknown_source"),
        ({"mapping": "no-such"}, "unknown_mapping"),
        ({"mapping": {"rules": []}}, "invalid"),
        ({"s3_uri": "s3://elsewhere/imports/x.csv"}, "bad_s3_uri"),
        ({"s3_uri": "s3://halte-lake/events/date=2026-01-01/x"}, "bad_s3_uri"),
        ({"s3_uri": "s3://halte-lake/imports/none.csv"}, "no_file"),
        ({"format": "xml"}, "invalid"),
        ({"kind": "guessed"}, "invalid"),
        ({"unknown": 1}, "invalid"),
    ],
)
def test_what_cannot_be_imported_is_refused_by_name(
    importer: Importer, fields: dict[str, Any], code: str
) -> None:
    body = {"source": "crm", "format": "csv", "mapping": CONTACTS, "s3_uri": importer.upload("x")}
    status, answer = importer.call("POST", "/imports", {**body, **fields})
    assert (status, answer["code"]) == (400, code)
    assert client("dynamodb").scan(TableName="Imports")["Count"] == 0


def test_an_import_nobody_made_is_not_found(importer: Importer) -> None:
    assert importer.call("GET", "/imports/none")[1]["code"] == "unknown_import"
    assert importer.call("POST", "/imports/none/start")[0] == 404


def test_a_row_over_the_size_of_an_event_is_refused_by_itself(importer: Importer) -> None:
    job = importer.run(contacts(1) + f"u-2,p2@example.com,{'x' * 70_000},\n")
    assert [(f["row"], f["code"]) for f in job["failures"]] == [(2, "too_large")]
    assert job["events"] == 1


def people(world: World) -> dict[str, Any]:
    """Everybody with something known: traits, counts and identifiers, by profile."""
    world.publish()
    return {
        one["profile_id"]: (one["traits"], one["counts"], one["identifiers"])
        for one in world.profiles()
        if one.get("identifiers")
    }


def roll_back(importer: Importer, job_id: str) -> dict[str, Any]:
    status, job = importer.call("POST", f"/imports/{job_id}/rollback")
    assert (status, job["job_status"]) == (202, "ROLLING_BACK")
    importer.work()
    return importer.call("GET", f"/imports/{job_id}")[1]


@pytest.mark.capability("003-4")
def test_a_rollback_restores_what_stood_before(importer: Importer, world: World) -> None:
    """Traits fall back, joins are undone, who came only by the import is gone; later events of others stand. The dry
    run of the same file had changed nothing, and said whom it would join."""
    known = {"userId": "u-1", "messageId": "m-1", "timestamp": "2026-01-01T00:00:00Z"}
    world.post("/v1/identify", {**known, "traits": {"firstName": "Ann", "city": "Utrecht"}})
    world.post("/v1/page", {"anonymousId": "a-1", "messageId": "m-2", "timestamp": "2026-01-01T00:00:00Z"})
    world.consume()
    before = people(world)
    assert len(before) == 2
    rows = [
        {"userId": "u-1", "anonymousId": "a-1", "traits": {"city": "Delft", "phone": "+31612345678"}},
        {"userId": "u-2", "traits": {"email": "new@example.com"}},
    ]
    text = "".join(
        json.dumps({"type": "identify", "timestamp": "2026-01-03T00:00:00Z", **r}) + "\n" for r in rows
    )
    ask = {"format": "ndjson", "mapping": None, "kind": "declared"}
    plan = importer.run(text, **ask, dry_run=True)["plan"]
    assert (plan["total_merges"], plan["new_profiles"]) == (1, 1)
    assert people(world) == before
    job = importer.run(text, **ask)
    world.consume()
    merged = people(world)
    assert len(merged) == 2
    assert {"city": "Delft", "firstName": "Ann", "phone": "+31612345678"} in [
        traits for traits, *_ in merged.values()
    ]
    done = roll_back(importer, job["id"])
    assert (done["job_status"], done["rolled_back_rows"]) == ("ROLLED_BACK", 2)
    assert people(world) == before
    assert importer.marked == [f"imp-{job['id']}-"]
    assert world.admin("GET", "/profiles/u-2")[0] == 404
    assert world.admin("GET", "/profiles/new@example.com")[0] == 404


def test_what_an_import_brought_and_lost_is_not_rebuilt_from_the_lake(
    importer: Importer, world: World, keeper: LakeKeeper
) -> None:
    """Joined by the import, joined by hand to somebody whom only the import knew, then taken back: live and rebuilt,
    that decision is gone with its person, also when the person comes by another way later."""
    known = {"userId": "u-1", "messageId": "m-1", "timestamp": "2026-01-01T00:00:00Z"}
    settle(world, [[{**known, "type": "identify", "traits": {"city": "Utrecht"}}]])
    rows = [
        {"userId": "u-1", "anonymousId": "a-1"},
        {"userId": "u-2", "traits": {"email": "new@example.com"}},
    ]
    text = "".join(
        json.dumps({"type": "identify", "timestamp": "2026-01-03T00:00:00Z", **row}) + "\n" for row in rows
    )
    job = importer.run(text, format="ndjson", mapping=None)
    world.consume()
    world.publish()
    decide(world, "u-1", "merges", {"with": profile_id_of(world, "u-2")})
    assert differences(keeper)[1:] == (1, [])

    roll_back(importer, job["id"])
    world.publish()
    keeper.amend(Amendment(roll_back=importer.marked[0]))

    assert differences(keeper)[1:] == (1, [])
    again = {"userId": "u-2", "messageId": "m-9", "timestamp": "2026-01-05T00:00:00Z"}
    settle(world, [[{**again, "type": "page", "name": "Home"}]])
    assert profile_id_of(world, "u-2") != profile_id_of(world, "u-1")
    assert differences(keeper)[1:] == (2, [])


def test_a_rollback_takes_related_records_back_too(importer: Importer, world: World) -> None:
    """An order that only the import told goes; one that it changed is as it was."""

    def orders() -> list[dict[str, Any]]:
        world.consume()
        world.publish()
        found: list[dict[str, Any]] = world.admin("GET", "/profiles/u-1/records/order")[1]["records"]
        return found

    def event(name: str, order: str, day: int) -> dict[str, Any]:
        at = f"2026-01-0{day}T00:00:00Z"
        return {"userId": "u-1", "event": name, "timestamp": at, "properties": {"order_id": order}}

    world.post("/v1/track", {**event("Order Completed", "o-1", 1), "messageId": "m-1"})
    before = orders()
    assert [one["id"] for one in before] == ["o-1"]
    rows = [event("Order Completed", "o-2", 2), event("Order Cancelled", "o-1", 3)]
    text = "".join(json.dumps({"type": "track", **row}) + "\n" for row in rows)
    job = importer.run(text, format="ndjson", mapping=None)
    assert {one["id"]: one["status"] for one in orders()} == {"o-1": "cancelled", "o-2": "completed"}

    assert roll_back(importer, job["id"])["job_status"] == "ROLLED_BACK"

    assert orders() == before


def test_an_event_of_an_import_that_was_taken_back_counts_no_more(importer: Importer, world: World) -> None:
    """F1, F7: the queue delivers it again afterwards, and some of it only then."""
    job = importer.run(contacts(2))
    late = world.take()
    assert world.consume(late) == set()
    world.publish()
    roll_back(importer, job["id"])
    assert world.consume(late) == set()
    assert people(world) == {}
    assert {line["reason"] for line in world.lake() if line["disposition"] == "rejected"} == {"rolled_back"}


def test_a_rollback_that_dies_goes_on(
    importer: Importer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5."""
    monkeypatch.setattr(imports, "PORTION", 2)
    job = importer.run(contacts(6))
    world.consume()
    world.publish()
    deaths = iter([False, True, False, True])
    take_back = Unwinder.take_back

    def dying(self: Unwinder, *arguments: Any) -> int:
        done = take_back(self, *arguments)
        if next(deaths, False):
            raise ConnectionError("the process died")
        return done

    monkeypatch.setattr(Unwinder, "take_back", dying)
    importer.call("POST", f"/imports/{job['id']}/rollback")
    from services.ingest.handlers import on_imports

    (record,) = importer.records()
    for _ in range(5):
        on_imports.handler({"Records": [record]}, Context(lambda: False))
        world.publish()
    importer.work()
    assert importer.call("GET", f"/imports/{job['id']}")[1]["job_status"] == "ROLLED_BACK"
    assert people(world) == {}


def test_only_what_was_imported_can_be_taken_back(importer: Importer) -> None:
    dry = importer.run(contacts(1), dry_run=True)
    assert importer.call("POST", f"/imports/{dry['id']}/rollback")[1]["code"] == "nothing_to_roll_back"
    live = importer.run(contacts(1))
    roll_back(importer, live["id"])
    assert importer.call("POST", f"/imports/{live['id']}/rollback")[1]["code"] == "nothing_to_roll_back"
    again = importer.run(contacts(1))
    client("s3").delete_object(Bucket=BUCKET, Key="imports/people.csv")
    assert importer.call("POST", f"/imports/{again['id']}/rollback")[1]["code"] == "no_file"


def test_pinpoint_s_endpoints_become_people_and_never_consents(importer: Importer, world: World) -> None:
    """Repeated headers are lists; two endpoints of a user are one person; OptOut=NONE grants nothing."""
    header = "Id,Address,ChannelType,OptOut,User.UserId,User.UserAttributes.FirstName,User.UserAttributes.FirstName"
    rows = [
        "e1,ann@example.com,EMAIL,NONE,u-1,Ann,Anna",
        "e2,+31612345678,SMS,ALL,u-1,Ann,",
        "e3,x,GCM,NONE,,,",
    ]
    job = importer.run("\n".join([header, *rows]), mapping="pinpoint-endpoint")
    assert (job["events"], job["total_failures"]) == (3, 0)
    world.consume()
    found = world.admin("GET", "/profiles/u-1")[1]
    assert found["traits"] == {
        "email": "ann@example.com",
        "firstName": "Ann",
        "phone": "+31612345678",
        "pinpointOptOut": found["traits"]["pinpointOptOut"],
    }
    told = [
        event
        for fact in world.publish()
        for change in fact["detail"]["changes"]
        for event in change["events"]
    ]
    assert {event["type"] for event in told} == {"identify"}
    assert len(world.profiles()) == 2
