"""What `make run` shows of one person's permissions: read by the API, and checked with the bucket's anchors."""

from __future__ import annotations

import boto3
import pytest

from local import consent_page
from services.shared.aws.clients import client
from tests.integration.consent.conftest import World
from tests.integration.consent.test_audit import Api
from tests.integration.consent.test_proof import whole_life


def looked_at(world: World) -> consent_page.Consent:
    seen = consent_page.look(Api(world), "anchor-bucket", client("s3"), world.items("ledger"))
    assert seen is not None
    return seen


@pytest.mark.capability("003-23")
def test_one_person_s_history_is_shown_with_its_verified_proof(world: World) -> None:
    whole_life(world)
    seen = looked_at(world)
    assert [check.holds for check in consent_page.checks(seen)] == [True, True]
    shown = consent_page.consent(seen)
    assert "holds: every hash" in shown
    assert "anchor 1, 2 steps" in shown
    assert "the message that asks for confirmation left" in shown
    assert "5 entries, 2 anchors" in shown
    assert shown.count("<table>") == shown.count("<caption>") == 1
    assert "Proof of permission" in consent_page.printed(seen)


def test_a_tampered_ledger_does_not_pass_for_a_good_one(world: World) -> None:
    whole_life(world)
    table = boto3.resource("dynamodb").Table("ledger")
    entry = next(item for item in world.items("ledger") if item.get("kind") == "granted" and "hash" in item)
    table.put_item(Item={**entry, "at": "2020-01-01T00:00:00.000Z"})
    seen = looked_at(world)
    assert [check.holds for check in consent_page.checks(seen)] == [False, False]
    shown = consent_page.consent(seen)
    assert "DOES NOT HOLD" in shown
    assert "PROBLEMS" in shown


def test_where_nobody_was_asked_there_is_nothing_to_show(world: World) -> None:
    assert consent_page.look(Api(world), "anchor-bucket", client("s3"), []) is None
    assert consent_page.checks(None) == []
