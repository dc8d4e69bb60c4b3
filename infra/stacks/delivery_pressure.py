"""Delivery's contact pressure: the policy, its calendar, brakes and guards, and the account's own quota."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

from infra.constructs.alarms import measured, raise_alarm
from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack
from services.delivery.domain.pressure.policy import DAILY_CAP
from services.shared.contracts.given import wordings_function

CALENDARS = "delivery-pressure"
"""The dependency group that knows holidays and time zones."""

STOPPED = "SendingStopped"
"""What `on_pressure_stream` counts: journeys, channels and providers that stopped."""

UNREAD = "QuotaUnread"
"""What `adapters/quotas.py` counts: questions about an account's quota that failed."""


def default_settings(stack: ServiceStack) -> dict[str, str]:
    """What holds while nobody gave a policy. The local stage plays recipients who bounce and complain more than any
    list that is still mailed, so it has no brakes until a policy says so."""
    return {
        "daily_cap": str(stack.node.try_get_context("daily_cap") or DAILY_CAP),
        "brakes": "false" if stack.halte.is_local else "true",
    }


def add_pressure(
    stack: ServiceStack,
    *,
    pressure: dynamodb.Table,
    gates: dynamodb.Table,
    reports: dynamodb.Table,
    templates: dynamodb.Table,
) -> None:
    """Add the routes, the watch, the calendar's renewal, and the outbox of what stops."""
    settings = {
        "pressure_table": pressure.table_name,
        "gates_table": gates.table_name,
        "reports_table": reports.table_name,
        **default_settings(stack),
    }
    _tell(stack, pressure, templates)
    api = stack.function("PressurePolicy", handler="pressure", settings=settings, wheels=CALENDARS)
    pressure.grant(
        api,
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
    )
    reports.grant(api, "dynamodb:Query")
    stack.routes(
        api,
        [
            "GET /pressure",
            "PUT /pressure",
            "GET /pressure/pauses",
            "POST /pressure/pauses/{name}/resume",
            "POST /pressure/restored",
        ],
    )
    renew = stack.function("RenewCalendar", handler="renew_calendar", settings=settings, wheels=CALENDARS)
    pressure.grant(renew, "dynamodb:GetItem", "dynamodb:UpdateItem")
    stack.schedule(renew, "rate(1 day)")
    watch = stack.function("WatchPressure", handler="watch_pressure", settings=settings)
    pressure.grant(watch, "dynamodb:Query", "dynamodb:PutItem")
    gates.grant(watch, "dynamodb:GetItem")
    reports.grant(watch, "dynamodb:Query")
    stack.schedule(watch, "rate(1 minute)")
    publisher = stack.publisher("OnPressureStream", handler="on_pressure_stream", table=pressure, settings={})
    raise_alarm(
        publisher,
        "Stopped",
        stack.alarms,
        measured(stack.service, STOPPED, "Sum", minutes=1),
        says="Messages are held back: GET /pressure/pauses says which and why.",
    )
    raise_alarm(
        api,
        "QuotaUnread",
        stack.alarms,
        measured(stack.service, UNREAD, "Sum", minutes=15),
        says="What an account may send can't be read; messages leave by the last known quota, or none.",
    )


def allow_pressure(function: ServiceFunction, pressure: dynamodb.Table, gates: dynamodb.Table) -> None:
    """Let a function that sends read what holds, keep circuits, and ask what the account may send."""
    pressure.grant(function, "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem")
    gates.grant(function, "dynamodb:GetItem")
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=[
                "ses:GetAccount",
                "sms-voice:DescribePhoneNumbers",
                "sms-voice:DescribeSenderIds",
                "sms-voice:DescribeSpendLimits",
            ],
            resources=["*"],
        )
    )


def _tell(stack: ServiceStack, pressure: dynamodb.Table, templates: dynamodb.Table) -> None:
    """Who simulates journeys asks what stops messages, and of what class they are."""
    function = stack.function(
        "Wordings",
        handler="wordings",
        settings={
            "pressure_table": pressure.table_name,
            "templates_table": templates.table_name,
            **default_settings(stack),
        },
        name=wordings_function(stack.halte.stage),
    )
    pressure.grant(function, "dynamodb:GetItem")
    templates.grant(function, "dynamodb:GetItem")
