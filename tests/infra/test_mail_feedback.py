"""By which road SES's reports come is a choice at deployment; on either they end in the queue of reports."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Match, Template

from infra.constructs.mail_files import tell_by_file
from infra.constructs.service_stack import ServiceStack
from infra.environment import Environment
from infra.nag import check
from infra.stacks.delivery_feedback import MAIL_EVENTS, mail_road
from tests.support.thorough import EXHAUSTIVE

pytestmark = pytest.mark.skipif(not EXHAUSTIVE, reason="synthesises stacks of its own: make sweep")


def deployed(road: str | None) -> Template:
    app = App(context={"mail_feedback": road} if road else {})
    environment = Environment(stage="prod", from_address="shop@example.com", sms_origination="+12025550100")
    stack = ServiceStack(app, service="delivery", environment=environment)
    mail, queue = ses.ConfigurationSet(stack, "Mail"), stack.queue("FeedbackQueue")
    tables = {name: stack.table(name, partition_key="pk") for name in ("messages", "gates")}
    topic = sns.Topic(stack, "Feedback", enforce_ssl=True)
    destination = mail_road(stack, topic, queue, [mail], lambda: tell_by_file(stack, **tables, reports=queue))
    check(app, environment)
    ses.ConfigurationSetEventDestination(
        stack, "FeedbackDestination", configuration_set=mail, destination=destination, events=MAIL_EVENTS
    )
    app.synth()
    return Template.from_stack(stack)


DESTINATION = "AWS::SES::ConfigurationSetEventDestination"


def test_a_topic_is_the_usual_road_and_the_default_bus_may_be_chosen() -> None:
    usual = deployed(None)
    usual.has_resource_properties(DESTINATION, {"EventDestination": {"SnsDestination": Match.any_value()}})
    usual.resource_count_is("AWS::Events::Rule", 0)

    chosen = deployed("eventbridge")
    chosen.has_resource_properties(
        DESTINATION,
        {"EventDestination": {"Enabled": True, "EventBridgeDestination": {"EventBusArn": Match.any_value()}}},
    )
    (queue,) = chosen.find_resources("AWS::SQS::Queue", {"Properties": {"RedrivePolicy": Match.any_value()}})
    (mail,) = chosen.find_resources("AWS::SES::ConfigurationSet")
    (rule,) = chosen.find_resources("AWS::Events::Rule").values()
    assert "EventBusName" not in rule["Properties"]
    assert rule["Properties"]["EventPattern"] == {
        "source": ["aws.ses"],
        "detail": {"mail": {"tags": {"ses:configuration-set": [{"Ref": mail}]}}},
    }
    (target,) = rule["Properties"]["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert target["DeadLetterConfig"]


def test_files_by_firehose_are_noted_one_at_a_time_and_removed() -> None:
    found = deployed("firehose")
    found.has_resource_properties(
        DESTINATION, {"EventDestination": {"Enabled": True, "KinesisFirehoseDestination": Match.any_value()}}
    )
    found.has_resource_properties(
        "AWS::S3::Bucket",
        {"NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}},
    )
    found.resource_count_is("Custom::S3BucketNotifications", 0)
    (mapping,) = found.find_resources("AWS::Lambda::EventSourceMapping").values()
    assert mapping["Properties"]["BatchSize"] == 1
    (bucket,) = found.find_resources("AWS::S3::Bucket")
    (rule,) = found.find_resources("AWS::Events::Rule").values()
    assert rule["Properties"]["EventPattern"]["detail"] == {"bucket": {"name": [{"Ref": bucket}]}}
    allowed = json.dumps(found.find_resources("AWS::IAM::Policy"))
    assert '"s3:ListBucket"' in allowed
    assert (
        '["s3:DeleteObject", "s3:GetObject"]' in allowed or '["s3:GetObject", "s3:DeleteObject"]' in allowed
    )


def test_there_is_no_other_road() -> None:
    with pytest.raises(ValueError, match="pigeon"):
        deployed("pigeon")
