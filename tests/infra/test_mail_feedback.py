"""By which roads SES's reports come is a choice at deployment; on each they end in messages."""

from __future__ import annotations

import json

import pytest

from tests.support.thorough import EXHAUSTIVE

if EXHAUSTIVE:  # these start a Node process
    from aws_cdk import App
    from aws_cdk import aws_ses as ses
    from aws_cdk import aws_sns as sns
    from aws_cdk.assertions import Match, Template

    from infra.constructs.mail_files import tell_by_file
    from infra.constructs.service_stack import ServiceStack
    from infra.environment import Environment
    from infra.nag import check
    from infra.stacks.delivery_feedback import MAIL_EVENTS, MARKETING_EVENTS, PLENTIFUL, tell_of_mail

pytestmark = pytest.mark.skipif(not EXHAUSTIVE, reason="synthesises stacks of its own: make sweep")


def deployed(road: str | None, stage: str = "prod") -> Template:
    app = App(context={"mail_feedback": road} if road else {})
    environment = Environment(stage=stage, from_address="shop@example.com", sms_origination="+12025550100")
    stack = ServiceStack(app, service="delivery", environment=environment)
    mail, queue = ses.ConfigurationSet(stack, "Mail"), stack.queue("FeedbackQueue")
    tables = {name: stack.table(name, partition_key="pk") for name in ("messages", "gates")}
    topic = sns.Topic(stack, "Feedback", enforce_ssl=True)
    tell_of_mail(
        stack,
        topic,
        queue,
        {"FeedbackDestination": (mail, MAIL_EVENTS)},
        lambda: tell_by_file(stack, **tables, reports=queue),
    )
    check(app, environment)
    app.synth()
    return Template.from_stack(stack)


def told(template: Template) -> dict[str, list[str]]:
    """What SES tells, by the kind of its destination."""
    found = [one["Properties"]["EventDestination"] for one in template.find_resources(DESTINATION).values()]
    assert all(one["Enabled"] for one in found)
    return {
        name.removesuffix("Destination"): one["MatchingEventTypes"]
        for one in found
        for name in one
        if name.endswith("Destination")
    }


DESTINATION = "AWS::SES::ConfigurationSetEventDestination"
EVERYTHING = [
    *("send", "delivery", "bounce", "complaint"),
    *("reject", "renderingFailure", "deliveryDelay", "subscription"),
]


def test_what_stops_messages_or_ends_a_permission_is_never_told_by_the_file() -> None:
    assert PLENTIFUL == [ses.EmailSendingEvent.DELIVERY]
    assert set(MAIL_EVENTS) - set(MARKETING_EVENTS) == {ses.EmailSendingEvent.SEND}


def test_deliveries_come_by_the_file_and_all_else_by_the_topic() -> None:
    found = deployed(None)
    at_once = [one for one in EVERYTHING if one != "delivery"]
    assert told(found) == {"Sns": at_once, "KinesisFirehose": ["delivery"]}
    urgent, files = sorted(found.find_resources(DESTINATION), key=len)
    assert files in found.find_resources(DESTINATION)[urgent]["DependsOn"]
    (stream,) = found.find_resources("AWS::KinesisFirehose::DeliveryStream").values()
    (rule,) = found.find_resources("AWS::Events::Rule")
    assert rule in stream["DependsOn"]
    found.resource_properties_count_is("AWS::CloudWatch::Alarm", {"Namespace": "AWS/Firehose"}, 1)


def test_a_file_is_noted_by_itself_and_removed() -> None:
    found = deployed("files")
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


@pytest.mark.parametrize(("road", "stage"), [("sns", "prod"), (None, "local"), ("files", "local")])
def test_all_comes_by_the_topic_where_that_is_said_and_locally(road: str | None, stage: str) -> None:
    found = deployed(road, stage)
    assert told(found) == {"Sns": EVERYTHING}
    found.resource_count_is("AWS::Events::Rule", 0)
    found.resource_count_is("AWS::KinesisFirehose::DeliveryStream", 0)


def test_the_default_bus_may_be_chosen() -> None:
    chosen = deployed("eventbridge")
    assert told(chosen) == {"EventBridge": EVERYTHING}
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


@pytest.mark.parametrize("road", ["pigeon", "firehose"])
def test_there_is_no_other_road(road: str) -> None:
    with pytest.raises(ValueError, match=road):
        deployed(road)
