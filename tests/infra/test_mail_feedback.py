"""By which road SES's reports come is a choice at deployment; on either they end in the queue of reports."""

from __future__ import annotations

import pytest
from aws_cdk import App
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Match, Template

from infra.constructs.service_stack import ServiceStack
from infra.environment import Environment
from infra.stacks.delivery_feedback import MAIL_EVENTS, mail_road
from tests.support.thorough import EXHAUSTIVE

pytestmark = pytest.mark.skipif(not EXHAUSTIVE, reason="synthesises stacks of its own: make sweep")


def deployed(road: str | None) -> Template:
    app = App(context={"mail_feedback": road} if road else {})
    environment = Environment(stage="prod", from_address="shop@example.com", sms_origination="+12025550100")
    stack = ServiceStack(app, service="delivery", environment=environment)
    mail = ses.ConfigurationSet(stack, "Mail")
    destination = mail_road(stack, sns.Topic(stack, "Feedback"), stack.queue("FeedbackQueue"), mail)
    ses.ConfigurationSetEventDestination(
        stack, "FeedbackDestination", configuration_set=mail, destination=destination, events=MAIL_EVENTS
    )
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


def test_there_is_no_other_road() -> None:
    with pytest.raises(ValueError, match="pigeon"):
        deployed("pigeon")
