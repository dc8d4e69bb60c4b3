"""What the local run's observer makes of facts."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.tap import Tap


def fact(kind: str, rows: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"detail-type": f"{kind}.v1", "detail": {rows: list(items)}}


def test_the_slowest_twentieth_of_what_events_led_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        boto3.client("events").create_event_bus(Name="halte")
        tap = Tap(boto3.client, "halte")
    accepted = {"accepted_at": "1970-01-01T00:01:00Z"}
    assert tap.freshness() == ""

    for second in range(100):
        tap.see(fact("SegmentEntered", "moves", accepted), now=60.0 + second)
    tap.see(fact("SegmentEntered", "moves", {"segment": "no_order_90d"}), now=9_000.0)
    tap.see(fact("JourneyEntered", "enrolments", {"enrolment_id": "e", **accepted}), now=62.5)

    assert tap.freshness() == "segment entered 94.0 s, journey entered 2.5 s"


def test_it_goes_on_after_a_stop_and_counts_a_refusal_once(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = {"profile_id": "prf_a", "journey": "welcome", "version": 1, "reason": "too_soon", "at": "t"}
    with mock_aws():
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        boto3.client("events").create_event_bus(Name="halte")
        tap = Tap(boto3.client, "halte")
        for _ in range(2):
            body = json.dumps(fact("EntryRefused", "refusals", refusal))
            boto3.client("sqs").send_message(QueueUrl=tap.queue_url, MessageBody=body)
            tap.start()
            tap.stop()
    assert tap.events == 2
    assert list(tap.refused.values()) == [refusal]
