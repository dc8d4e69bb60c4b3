"""Every fault at the calls by which sinks are told: the fan-out, the deliveries, and the knocking on closed doors."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from moto import mock_aws

from services.ingest.bootstrap import sinks as bootstrap
from services.shared.aws import parallel, secrets
from services.shared.aws.clients import client
from tests.faults.conftest import Inline
from tests.faults.kinds import FAULTS
from tests.faults.sinks import CLOCK, START, STEPS, Receiver, Road, clock
from tests.faults.sweeping import BESIDE, SWEPT, can_happen, sweep
from tests.faults.wire import Wire
from tests.integration.ingest.test_sinks import BUS_ARN, make_tables
from tests.integration.ingest.test_sinks import World as Sinks
from tests.support.cold_start import begin_anew
from tests.support.thorough import EXHAUSTIVE


@pytest.fixture
def sinks_road(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Iterator[Road]:
    CLOCK._now = START
    receiver = Receiver(wire)
    monkeypatch.setattr(bootstrap, "GuardedHttps", lambda **_: receiver)
    monkeypatch.setattr(parallel, "_writers", Inline)
    monkeypatch.setattr(secrets, "TTL_SECONDS", 0)
    with mock_aws():
        begin_anew()
        queue = client("sqs").create_queue(QueueName="deliveries")["QueueUrl"]
        settings = {
            "STAGE": "test",
            "CLOCK_FACTORY": f"{clock.__module__}:clock",
            "SINKS_TABLE": "Sinks",
            "FORWARDING_TABLE": "Forwarding",
            "DELIVERIES_URL": queue,
            "SINK_SECRET_ARN": client("secretsmanager").create_secret(Name="s", SecretString="m")["ARN"],
            "SINK_PLACES": "hooks.example.com:443",
            "SINK_BUSES": BUS_ARN,
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        make_tables()
        partner = _partner()
        sinks = Sinks(queue, receiver)  # type: ignore[arg-type]  # it registers only
        for sink_id, document in _SINKS.items():
            code, answer = sinks.call("PUT", f"/sinks/{sink_id}", document)
            assert code == 201, answer
        yield Road(wire, queue, partner, receiver)
        begin_anew()


_SINKS = {
    "hook": {
        "kind": "webhook",
        "url": "https://hooks.example.com/hook",
        "filter": {"changes_of": ["email"]},
    },
    "bus": {"kind": "eventbridge", "bus_arn": BUS_ARN},
}


def _partner() -> str:
    """A queue that hears everything on the partner's bus; its URL."""
    url: str = client("sqs").create_queue(QueueName="partner")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    client("events").create_event_bus(Name="partner")
    pattern = json.dumps({"source": ["halte.ingest"]})
    client("events").put_rule(Name="all", EventBusName="partner", EventPattern=pattern)
    client("events").put_targets(
        Rule="all", EventBusName="partner", Targets=[{"Id": "1", "Arn": arn["QueueArn"]}]
    )
    return url


CALLS = {
    ("dynamodb", "BatchGetItem"),
    ("dynamodb", "DeleteItem"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "PutItem"),
    ("dynamodb", "Query"),
    ("dynamodb", "Scan"),
    ("dynamodb", "TransactWriteItems"),
    ("eventbridge", "PutEvents"),
    ("secrets-manager", "GetSecretValue"),
    ("sqs", "ChangeMessageVisibility"),
    ("sqs", "SendMessage"),
}
"""What must be struck where it can be."""

LEAST = {
    "crash before": 29,
    "crash after": 69,
    "answer lost": 17,
    "every answer lost": 69,
    "connection lost": 29,
    "throttled twice": 17,
    "throttled": 17,
    "conflict": 30,
    "mismatch": 14,
    "partial": 27,
}
"""How many places are struck, at least."""


@BESIDE
@pytest.mark.parametrize("name", SWEPT)
def test_sinks_are_told_as_if_nothing_had_happened(sinks_road: Road, name: str) -> None:
    """F5, F6, F8, F9, F10, F11, F12, F13; what fails comes again (F3, F4), and doors are knocked on meanwhile."""
    struck = sweep(sinks_road, STEPS, FAULTS[name])
    assert struck.total() >= LEAST[name] or not EXHAUSTIVE
    assert struck.keys() == {call for call in CALLS if can_happen(FAULTS[name], *call)}
