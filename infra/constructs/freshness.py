"""Alarms on customer data that comes too late to be acted on."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions

from infra.constructs.service_stack import ServiceStack
from services.shared.freshness import NAMESPACE, WITHIN_SECONDS


def watch_freshness(stack: ServiceStack, *metrics: str) -> None:
    """Late data misses the moment: an alarm for each of these latencies of the stack's service, on the slowest
    twentieth, over a quarter of an hour."""
    for name in metrics:
        alarm = cloudwatch.Alarm(
            stack,
            f"Late{name}",
            metric=cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name=name,
                dimensions_map={"service": stack.service},
                statistic="p95",
                period=Duration.minutes(5),
            ),
            threshold=WITHIN_SECONDS[name] * 1000,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=3,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description="Customer data is not on time where it is acted on.",
        )
        alarm.add_alarm_action(actions.SnsAction(stack.alarms))
