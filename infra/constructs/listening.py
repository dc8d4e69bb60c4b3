"""What journeys need to hear of people, as scoring takes it in."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb

from infra.constructs.service_stack import ServiceStack
from services.shared.contracts.journeys import JourneyListens
from services.shared.freshness import NAMESPACE


def hear_journeys(stack: ServiceStack, definitions: dynamodb.Table) -> None:
    """Let the stack's service heed what journeys need, and say loudly what of it can't be heard."""
    function = stack.function(
        "OnListening", handler="on_listening", settings={"definitions_table": definitions.table_name}
    )
    definitions.grant(
        function, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:ConditionCheckItem"
    )
    stack.react(function, facts=[JourneyListens], batch_size=10, max_concurrency=2)
    alarm = cloudwatch.Alarm(
        function,
        "Unheard",
        metric=cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name="Unheard",
            dimensions_map={"service": stack.service},
            statistic="Sum",
            period=Duration.minutes(5),
        ),
        threshold=1,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description="A journey waits for something of people that can't be heard: nobody will be let in by it.",
    )
    alarm.add_alarm_action(actions.SnsAction(stack.alarms))
