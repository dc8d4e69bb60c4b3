"""`python -m halte` against a stage: what it says, what it leaves behind, and its exit codes."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from halte import __main__ as command
from halte import stores
from halte.stores import Place, Tables, UnknownStage
from services.ingest.bootstrap import people as bootstrap
from services.shared.aws.clients import client
from tests.integration.ingest.conftest import World

TABLES = Tables("Identities", "Profiles", "ProfileParts")


@pytest.fixture(autouse=True)
def _stage(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(stage: str) -> Place:
        if stage != "test":
            raise UnknownStage(f"halte-{stage}-ingest: there is none")
        return Place(TABLES, "halte-lake", os.environ["ADDRESS_SECRET_ARN"])

    monkeypatch.setattr(command, "find", found)


def run(*arguments: str) -> tuple[int, str]:
    shown = io.StringIO()
    code = command.main(list(arguments), Console(file=shown, width=200))
    return code, shown.getvalue()


def visit(world: World, count: int) -> None:
    for n in range(count):
        traits = {"firstName": "Ann", "lastName": f"Jansen{n // 2}", "birthday": f"1980-01-{n // 2 + 10}"}
        world.post("/v1/identify", {"userId": f"u-{n}", "messageId": f"m-{n}", "traits": traits})
    world.consume()
    world.publish()


def tables() -> set[str]:
    return set(client("dynamodb").list_tables()["TableNames"])


def test_rebuild_says_equal_and_clears_up(world: World) -> None:
    visit(world, 3)
    before = tables()
    code, shown = run("rebuild", "--from-lake", "--stage", "test")
    assert (code, tables()) == (0, before)
    assert "3 events taken in, 0 differences" in shown


def test_rebuild_finds_a_difference_and_shows_no_personal_data(world: World) -> None:
    visit(world, 3)
    profile_id = world.admin("GET", "/profiles/u-1")[1]["profile_id"]
    client("dynamodb").delete_item(TableName="Profiles", Key={"profile_id": {"S": profile_id}})
    code, shown = run("rebuild", "--from-lake", "--stage", "test", "--keep")
    assert code == 1
    assert "nobody live" in shown
    assert profile_id in shown
    assert "Ann" not in shown
    assert "u-1" not in shown
    assert sum(name.startswith("halte-rebuild-") for name in tables()) == 3


def test_rebuild_knows_who_was_erased(world: World) -> None:
    """The rebuild has the key of the marks, so that an erased device is nobody's there either."""
    visit(world, 1)
    for user in ("u-0", "u-9"):
        world.post("/v1/page", {"userId": user, "anonymousId": "tablet", "messageId": f"page-{user}"})
        world.consume()
        world.publish()
    erasure_id = world.admin("POST", "/profiles/u-0/erasure")[1]["erasure_id"]
    while not bootstrap.eraser().work(erasure_id):
        pass
    code, shown = run("rebuild", "--from-lake", "--stage", "test")
    assert (code, "1 events taken in, 0 differences" in shown) == (0, True), shown


def test_match_offers_pairs_and_merges_nothing(world: World, tmp_path: Path) -> None:
    visit(world, 8)
    before = client("dynamodb").scan(TableName="Profiles")["Items"]
    out = tmp_path / "pairs.csv"
    code, shown = run("match", "--stage", "test", "--threshold", "0.5", "--out", str(out))
    assert code == 0
    assert "8 people" in shown
    assert client("dynamodb").scan(TableName="Profiles")["Items"] == before
    header, *rows = out.read_text().splitlines()
    assert header == "first,second,probability,agree,differ"
    assert len(rows) == 4


def test_match_reads_files(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    rows = [f"{n},Ann,Jansen{n // 2},1980-01-{n // 2 + 10}" for n in range(8)]
    file.write_text("id,firstName,lastName,birthday\n" + "\n".join(rows))
    code, shown = run("match", "--file", str(file), "--threshold", "0.5")
    assert (code, "8 people, 4 pairs" in shown) == (0, True)


@pytest.mark.parametrize(
    "arguments", [("rebuild", "--from-lake", "--stage", "none"), ("match", "--file", "/dev/null")]
)
def test_what_cannot_be_done_is_said_in_a_line(arguments: tuple[str, ...]) -> None:
    code, shown = run(*arguments)
    assert code == 2
    assert shown.strip()
    assert "Traceback" not in shown


def test_a_stage_is_found_by_its_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    class Aws:
        def describe_stacks(self, StackName: str) -> dict[str, Any]:
            assert StackName == "halte-prod-ingest"
            names = ("Identities", "Profiles", "ProfileParts")
            outputs = [{"OutputKey": f"{name}Table", "OutputValue": f"t-{name}"} for name in names]
            return {"Stacks": [{"Outputs": outputs}]}

        def get_parameter(self, Name: str) -> dict[str, Any]:
            return {"Parameter": {"Value": Name.removeprefix("/halte/prod/")}}

    monkeypatch.setattr(stores, "client", lambda service: Aws())
    tables = Tables("t-Identities", "t-Profiles", "t-ProfileParts")
    assert stores.find("prod") == Place(tables, "lake-bucket", "address-secret-arn")


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--help"])
    assert "halte rebuild --from-lake --stage prod" in capsys.readouterr().out
