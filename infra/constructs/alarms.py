"""Alarms: every one tells the platform's topic, and keeps still while there is nothing to measure."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from services.shared.freshness import NAMESPACE


def raise_alarm(
    scope: Construct,
    id: str,
    topic: sns.ITopic,
    metric: cloudwatch.IMetric,
    *,
    says: str,
    threshold: float = 1,
    periods: int = 1,
    beyond: bool = False,
) -> None:
    """Tell `topic` when `metric` is at the threshold (or only `beyond` it) for so many periods in a row."""
    at_least = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
    alarm = cloudwatch.Alarm(
        scope,
        id,
        metric=metric,
        threshold=threshold,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD if beyond else at_least,
        evaluation_periods=periods,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=says,
    )
    alarm.add_alarm_action(actions.SnsAction(topic))


def measured(service: str, name: str, statistic: str, minutes: int) -> cloudwatch.Metric:
    """A metric that a service's functions write."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": service},
        statistic=statistic,
        period=Duration.minutes(minutes),
    )
