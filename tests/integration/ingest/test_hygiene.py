"""`python -m halte hygiene` against a stage: a dry run changes nothing, marks come by the front door and go again."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from halte import __main__ as command
from halte import cleaning, marketers
from halte.marketers import HttpMarketers, Refused
from halte.stores import Place, Tables, UnknownStage
from services.shared.aws.clients import client
from tests.integration.ingest.conftest import SECRET_KEY, World
from tests.integration.ingest.importing import BUCKET, Importer, open_importer
from tests.integration.ingest.test_doors import basic

LIVE = Place(Tables("Identities", "Profiles", "ProfileParts"), BUCKET, "no-secret")
DAY = "2026-01-01T00:00:00Z"


class Direct:
    """The marketers' API without HTTP; work that waits is done before each answer."""

    def __init__(self, importer: Importer) -> None:
        self.importer = importer
        self.jobs: list[str] = []

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        self.importer.work()
        world = self.importer.world
        ask = world.sources if path.startswith("/sources") else self.importer.call
        status, answer = ask(method, path, body)
        if status >= 400:
            raise Refused(f"{method} {path} answered {status}: {answer['code']}")
        if (method, path) == ("POST", "/imports"):
            self.jobs.append(answer["id"])
        return answer

    def upload(self, url: str, content: bytes) -> None:
        key = url.split("?")[0].partition("/imports/")[2]
        client("s3").put_object(Bucket=BUCKET, Key=f"imports/{key}", Body=content)


@pytest.fixture
def api(world: World, monkeypatch: pytest.MonkeyPatch) -> Direct:
    direct = Direct(open_importer(world, monkeypatch))
    monkeypatch.setattr(command, "find", lambda stage: LIVE)
    monkeypatch.setattr(marketers, "connect", lambda stage, url="": direct)
    monkeypatch.setattr(cleaning, "POLL_SECONDS", 0)
    return direct


def run(*arguments: str) -> tuple[int, str]:
    shown = io.StringIO()
    code = command.main(["hygiene", "--stage", "test", *arguments], Console(file=shown, width=200))
    return code, shown.getvalue()


def offered(folder: Path) -> set[tuple[str, str]]:
    """The pairs of `match`, both ways round."""
    out = folder / "pairs.csv"
    assert command.main(["match", "--stage", "test", "--out", str(out)], Console(file=io.StringIO())) == 0
    with out.open(newline="") as file:
        pairs = [(row["first"], row["second"]) for row in csv.DictReader(file)]
    return {*pairs, *((second, first) for first, second in pairs)}


def take_in(world: World) -> None:
    assert world.consume() == set()
    world.publish()


def base(world: World) -> None:
    """Ann is well; Bob's address is none and reads like a formula; Cee and Dee are one; Eve bounces."""

    def say(call: str, user: str, **said: Any) -> None:
        body = {"userId": user, "messageId": f"{call}-{user}-{said.get('event', '')}", **said}
        assert world.post(f"/v1/{call}", body, basic(SECRET_KEY))[0] == 200

    say("identify", "ann", traits={"email": "ann@example.com", "firstName": "Ann"})
    say("identify", "bob", traits={"email": '=HYPERLINK("//evil.example")', "phone": "+0"})
    for user in ("cee", "dee"):
        name = {"firstName": "Cee", "lastName": "Jansen", "birthday": "1980-01-02"}
        say("identify", user, traits={**name, "email": f"{user}@example.com"})
    say("identify", "eve", timestamp=DAY, traits={"email": "eve@example.com"})
    say("track", "eve", event="Email Bounced", properties={"direction": "outbound"})
    for user in ("ann", "bob", "cee", "dee"):
        say("page", user, name="Home")
    take_in(world)


def hygiene(world: World) -> dict[str, Any]:
    users = ("ann", "bob", "cee", "dee", "eve")
    views = {user: world.admin("GET", f"/profiles/{user}")[1] for user in users}
    return {user: view["traits"].get("hygiene") for user, view in views.items()}


def people(world: World) -> dict[str, Any]:
    return {p["profile_id"]: (p["traits"], p["counts"], p["identifiers"]) for p in world.profiles()}


def stored() -> list[Any]:
    tables = ("Profiles", "ProfileParts", "Identities", "Sources", "Imports")
    return [client("dynamodb").scan(TableName=name)["Items"] for name in tables]


@pytest.mark.capability("003-4")
def test_a_dry_run_reports_and_changes_nothing(api: Direct, world: World, tmp_path: Path) -> None:
    base(world)
    before = stored()
    out = tmp_path / "findings.csv"

    code, shown = run("--days", "30", "--out", str(out))

    assert code == 0
    assert stored() == before
    assert api.jobs == []
    counts = dict(reversed(line.split()) for line in shown.splitlines() if len(line.split()) == 2)
    assert counts == {"bounced": "1", "inactive": "1", "invalid": "1", "duplicate": "2"}
    assert "nothing was changed; --apply would change 4 marks" in shown
    assert "example" not in shown
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    ids = {user: world.admin("GET", f"/profiles/{user}")[1]["profile_id"] for user in ("cee", "dee", "eve")}
    assert {(r["profile_id"], r["detail"]) for r in rows if r["finding"] == "duplicate"} == {
        (ids["cee"], ids["dee"]),
        (ids["dee"], ids["cee"]),
    }
    assert {(r["profile_id"], r["detail"]) for r in rows if r["finding"] == "duplicate"} == offered(tmp_path)
    assert [r["detail"] for r in rows if r["finding"] == "inactive"] == ["2026-01-01"]
    (formula,) = [r["detail"] for r in rows if r["finding"] == "invalid"]
    assert formula.startswith("'=HYPERLINK")


@pytest.mark.capability("003-4")
def test_marks_are_derived_traits_and_taking_them_back_restores_what_stood_before(
    api: Direct, world: World
) -> None:
    base(world)
    before = people(world)

    code, shown = run("--days", "30", "--apply")
    take_in(world)

    assert code == 0
    (job,) = api.jobs
    assert f"--undo {job}" in shown
    assert hygiene(world) == {
        "ann": None,
        "bob": ["invalid"],
        "cee": ["duplicate"],
        "dee": ["duplicate"],
        "eve": ["bounced", "inactive"],
    }
    mark = world.admin("GET", "/profiles/eve")[1]["domains"]["marketing"]["hygiene"]
    assert (mark["kind"], mark["source"]) == ("derived", "hygiene")
    assert set(people(world)) == set(before)

    assert run("--undo", job)[0] == 0
    take_in(world)

    assert people(world) == before


def test_a_second_run_marks_only_what_has_changed(api: Direct, world: World) -> None:
    """Eve's new address does not bounce, and she is back; her mark goes. The others' stay as they are."""
    base(world)
    run("--days", "30", "--apply")
    take_in(world)
    assert "every mark is as it should be" in run("--days", "30", "--apply")[1]
    new = {"userId": "eve", "messageId": "new", "traits": {"email": "eva@example.com"}}
    world.post("/v1/identify", new, basic(SECRET_KEY))
    world.post("/v1/page", {"userId": "eve", "messageId": "back"}, basic(SECRET_KEY))
    take_in(world)

    assert "1 marks changed" in run("--days", "30", "--apply")[1]
    take_in(world)

    assert hygiene(world)["eve"] is None
    assert hygiene(world)["cee"] == ["duplicate"]


def test_only_a_hygiene_run_is_taken_back(api: Direct, world: World) -> None:
    other = api.importer.run("user_id,first_name\nu-1,Ann\n")
    code, shown = run("--undo", other["id"])
    assert (code, shown.strip()) == (2, f"job {other['id']} is no hygiene run")
    code, shown = run("--undo", "none")
    assert (code, "unknown_import" in shown) == (2, True)
    assert api.importer.call("GET", f"/imports/{other['id']}")[1]["job_status"] == "COMPLETED"


def test_the_day_and_further_domains_can_be_given(api: Direct, world: World, tmp_path: Path) -> None:
    base(world)
    domains = tmp_path / "domains.txt"
    domains.write_text("Example.com\n")
    shown = run("--as-of", "2026-01-15", "--days", "30", "--disposable", str(domains))[1]
    counts = dict(reversed(line.split()) for line in shown.splitlines() if len(line.split()) == 2)
    assert (counts["inactive"], counts["invalid"]) == ("0", "5")


def test_a_stage_without_an_api_and_an_address_that_is_none_are_said_in_a_line(world: World) -> None:
    with pytest.raises(UnknownStage, match="/halte/none"):
        marketers.connect("none")
    with pytest.raises(Refused, match="no web address"):
        HttpMarketers("file:///etc", "key").call("GET", "/imports/x")


def test_the_api_of_a_stage_is_found_by_what_it_announces(world: World) -> None:
    secret = client("secretsmanager").create_secret(Name="admin", SecretString="key")["ARN"]
    for name, value in (("api-url", "https://api.example/"), ("admin-key-secret-arn", secret)):
        client("ssm").put_parameter(Name=f"/halte/prod/{name}", Value=value, Type="String")
    assert marketers.connect("prod") == HttpMarketers("https://api.example", "key")
    assert marketers.connect("prod", "http://127.0.0.1:1") == HttpMarketers("http://127.0.0.1:1", "key")
