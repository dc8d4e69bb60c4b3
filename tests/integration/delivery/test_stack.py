"""What only the template can show: who waits behind whom, and where SMS reports go."""

from __future__ import annotations

from typing import Any

import pytest

from services.delivery.settings import OnRequestsSettings
from tests.support.templates import Resource, Templates, synthesise


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates(synthesise())


def of(templates: Templates, *types: str) -> list[Resource]:
    return [one for one in templates.resources(*types) if one.service == "delivery"]


def test_a_withdrawal_queues_behind_nothing_else(templates: Templates) -> None:
    by_queue: dict[str, set[str]] = {}
    for rule in of(templates, "AWS::Events::Rule"):
        for target in rule.properties["Targets"]:
            facts = rule.properties.get("EventPattern", {}).get("detail-type", [])
            by_queue.setdefault(str(target["Arn"]), set()).update(facts)

    assert {"ConsentChanged.v1"} in by_queue.values()
    assert {"ProfilesChanged.v1", "ProfilesMerged.v1"} in by_queue.values()


def test_sms_reports_reach_the_feedback_topic(templates: Templates) -> None:
    (subscription,) = of(templates, "AWS::SNS::Subscription")
    topic = subscription.properties["TopicArn"]
    (policy,) = of(templates, "AWS::SNS::TopicPolicy")
    allowed = {s["Sid"]: s for s in policy.properties["PolicyDocument"]["Statement"] if "Sid" in s}[
        "SmsEvents"
    ]
    assert allowed["Principal"] == {"Service": "sms-voice.amazonaws.com"}
    assert allowed["Action"] == "sns:Publish"
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert allowed["Resource"] == topic

    assert sending_through(templates) == {"halte-prod"}
    (found,) = of(templates, "AWS::SMSVOICE::ConfigurationSet")
    assert found.properties["ConfigurationSetName"] == "halte-prod"
    (destination,) = found.properties["EventDestinations"]
    assert destination["Enabled"] is True
    assert destination["MatchingEventTypes"] == ["TEXT_ALL"]
    assert destination["SnsDestination"] == {"TopicArn": topic}


def test_of_mails_that_are_never_repeated_it_is_not_told_that_they_were_taken(templates: Templates) -> None:
    told: dict[str, set[str]] = {}
    by_file: set[str] = set()
    for one in of(templates, "AWS::SES::ConfigurationSetEventDestination"):
        destination = one.properties["EventDestination"]
        kinds = set(destination["MatchingEventTypes"])
        known = told.setdefault(one.properties["ConfigurationSetName"], set())
        assert not known & kinds, "told twice"
        known |= kinds
        by_file |= kinds if "KinesisFirehoseDestination" in destination else set()
    assert by_file == {"delivery"}
    variables = [one.properties["Environment"]["Variables"] for one in of(templates, "AWS::Lambda::Function")]
    ways = {
        (v["CONFIGURATION_SET"], v["MARKETING_CONFIGURATION_SET"])
        for v in variables
        if "CONFIGURATION_SET" in v
    }
    ((service, marketing),) = ways
    assert told[service] - told[marketing] == {"send"}
    assert {"delivery", "bounce", "complaint", "reject"} <= told[marketing] < told[service]


def test_visits_wait_for_deliveries_that_come_by_the_file(templates: Templates) -> None:
    variables = [one.properties["Environment"]["Variables"] for one in of(templates, "AWS::Lambda::Function")]
    (late,) = [v["DELIVERIES_LATE_SECONDS"] for v in variables if "DELIVERIES_LATE_SECONDS" in v]
    (stream,) = of(templates, "AWS::KinesisFirehose::DeliveryStream")
    gathers = stream.properties["ExtendedS3DestinationConfiguration"]["BufferingHints"]["IntervalInSeconds"]
    assert gathers + 20 <= int(late) <= 900  # the longest that SQS lets a message wait


def sending_through(templates: Templates) -> set[Any]:
    """The SMS configuration sets that functions are told of."""
    assert "sms_configuration_set" in OnRequestsSettings.model_fields
    variables = [one.properties["Environment"]["Variables"] for one in of(templates, "AWS::Lambda::Function")]
    return {v["SMS_CONFIGURATION_SET"] for v in variables if "SMS_CONFIGURATION_SET" in v}
