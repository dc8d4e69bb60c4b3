"""What sends messages."""

from __future__ import annotations

from datetime import timedelta
from functools import cache, partial

from services.delivery.adapters.dynamo_channels import DynamoChannels
from services.delivery.adapters.dynamo_gates import DynamoGates
from services.delivery.adapters.dynamo_ledgers import DynamoLedgers
from services.delivery.adapters.dynamo_pace import DynamoBuckets
from services.delivery.adapters.dynamo_pauses import DynamoPauses
from services.delivery.adapters.dynamo_templates import DynamoTemplates
from services.delivery.adapters.dynamo_work import DynamoWork
from services.delivery.adapters.quotas import note_unread, ses_quota, sms_quota
from services.delivery.adapters.senders.calls import CallSender
from services.delivery.adapters.senders.letters import LetterSender
from services.delivery.adapters.senders.push import PushSender
from services.delivery.adapters.senders.sms import SmsSender
from services.delivery.adapters.senders.webhooks import WebhookSender
from services.delivery.bootstrap import composing, outward, parts
from services.delivery.domain.pressure.policy import default_policy
from services.delivery.ports.messages import Sender
from services.delivery.settings import OnRequestsSettings, SweepSettings
from services.delivery.use_cases.links import Links
from services.delivery.use_cases.pace import Pace, real_seconds, rest
from services.delivery.use_cases.prepare import Prepare
from services.delivery.use_cases.pressure import Pressure
from services.delivery.use_cases.send_messages import SendMessages
from services.delivery.use_cases.sweep_messages import SweepMessages
from services.delivery.use_cases.tracking import Tracking
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text
from services.shared.ids import new_id


@cache
def sending() -> SendMessages:
    """What `on_requests` runs."""
    return _sending(OnRequestsSettings.from_env())


@cache
def sweeping() -> SweepMessages:
    """What `sweep` runs."""
    settings = SweepSettings.from_env()
    return SweepMessages(
        messages=parts.messages(settings.messages_table, settings.gates_table),
        sending=_sending(settings),
        clock=settings.clock(),
        after=timedelta(seconds=settings.sweep_after_seconds),
    )


def _sending(settings: OnRequestsSettings) -> SendMessages:
    gates = DynamoGates(Table(settings.gates_table))
    pressure = Pressure(
        ledgers=DynamoLedgers(Table(settings.gates_table)),
        pauses=DynamoPauses(Table(settings.pressure_table), Table(settings.gates_table)),
        pace=Pace(
            buckets=DynamoBuckets(Table(settings.gates_table)),
            quotas={"email": ses_quota, "sms": partial(sms_quota, settings.sms_origination)},
            now=real_seconds,
            unread=note_unread,
        ),
        default=default_policy(settings.daily_cap, brakes=settings.brakes),
        sleep=rest,
    )

    def address_secret() -> str:
        return secret_text(settings.address_secret_arn)

    return SendMessages(
        messages=parts.messages(settings.messages_table, settings.gates_table),
        gates=gates,
        templates=DynamoTemplates(Table(settings.templates_table)),
        senders={
            "email": composing.mail(settings),
            "sms": SmsSender(settings.sms_origination, settings.sms_configuration_set),
            "push": PushSender(settings.push_application_id),
            **_outward(settings),
        },
        prepare=Prepare(
            gates=gates,
            channels=DynamoChannels(Table(settings.templates_table)),
            links=Links(settings.public_url, lambda: secret_text(settings.token_secret_arn)),
            tracking=Tracking(settings.public_url, lambda: secret_text(settings.token_secret_arn)),
            compose=composing.composing(settings.gates_table, settings.products_table),
            address_secret=address_secret,
            pressure=pressure,
        ),
        pressure=pressure,
        address_secret=address_secret,
        clock=settings.clock(),
        new_id=new_id,
    )


def _outward(settings: OnRequestsSettings) -> dict[str, Sender]:
    """Those that people, printers and other systems work off."""
    work = DynamoWork(Table(settings.work_table))
    receiver = outward.receiver(settings)
    return {
        "print": LetterSender(work),
        "call": CallSender(work),
        "wallet": WebhookSender("wallet", receiver),
        "webhook": WebhookSender("webhook", receiver),
    }
