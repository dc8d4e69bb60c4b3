"""Joins use cases to what they run on: the only place that knows concretes."""

from __future__ import annotations

from datetime import timedelta
from functools import cache, partial

from services.delivery.adapters.calendars import look_up
from services.delivery.adapters.dynamo_catalogue import DynamoCatalogue
from services.delivery.adapters.dynamo_channels import DynamoChannels
from services.delivery.adapters.dynamo_counters import DynamoCounters
from services.delivery.adapters.dynamo_funnel import DynamoFunnel
from services.delivery.adapters.dynamo_gates import DynamoGates
from services.delivery.adapters.dynamo_ledgers import DynamoLedgers
from services.delivery.adapters.dynamo_messages import DynamoMessages
from services.delivery.adapters.dynamo_pace import DynamoBuckets
from services.delivery.adapters.dynamo_pauses import DynamoPauses, DynamoTallies
from services.delivery.adapters.dynamo_pressure import DynamoPolicies
from services.delivery.adapters.dynamo_tastes import DynamoTastes
from services.delivery.adapters.dynamo_templates import DynamoTemplates
from services.delivery.adapters.dynamo_traces import DynamoTraces
from services.delivery.adapters.dynamo_work import DynamoWork
from services.delivery.adapters.mjml import compile_mjml
from services.delivery.adapters.quotas import note_unread, ses_quota, sms_quota
from services.delivery.adapters.s3_outcomes import S3Outcomes
from services.delivery.adapters.senders.email import SesSender
from services.delivery.adapters.senders.push import PushSender
from services.delivery.adapters.senders.sms import SmsSender
from services.delivery.adapters.sqs_reports import SqsReports
from services.delivery.bootstrap_channels import outward_senders
from services.delivery.domain.pressure.policy import default_policy
from services.delivery.ports.reports import Funnel
from services.delivery.settings import (
    ApiSettings,
    ClicksSettings,
    OnConsentSettings,
    OnExitsSettings,
    OnFeedbackSettings,
    OnMessagesStreamSettings,
    OnPressureStreamSettings,
    OnProfilesChangedSettings,
    OnRequestsSettings,
    OnStagesSettings,
    OutcomesSettings,
    PersonSettings,
    PressureSettings,
    PreviewsSettings,
    ReportsSettings,
    SweepSettings,
    TemplatesSettings,
)
from services.delivery.use_cases.answer_person import AnswerPerson
from services.delivery.use_cases.compose import Compose
from services.delivery.use_cases.copy_facts import CopyContacts, CopyPermissions
from services.delivery.use_cases.follow_links import FollowLinks
from services.delivery.use_cases.learn_tastes import LearnTastes
from services.delivery.use_cases.links import Links
from services.delivery.use_cases.note_conversions import NoteConversions
from services.delivery.use_cases.note_feedback import NoteFeedback
from services.delivery.use_cases.pace import Pace, real_seconds, rest
from services.delivery.use_cases.prepare import Prepare
from services.delivery.use_cases.pressure import Pressure
from services.delivery.use_cases.preview_templates import PreviewTemplates
from services.delivery.use_cases.publish_outcomes import PublishOutcomes
from services.delivery.use_cases.publish_pauses import PublishPauses
from services.delivery.use_cases.report import Reports
from services.delivery.use_cases.send_messages import SendMessages
from services.delivery.use_cases.serve_catalogue import ServeCatalogue
from services.delivery.use_cases.serve_marketers import ServeMarketers
from services.delivery.use_cases.serve_templates import ServeTemplates
from services.delivery.use_cases.set_pressure import SetPressure
from services.delivery.use_cases.sweep_messages import SweepMessages
from services.delivery.use_cases.tell_outcomes import TellOutcomes
from services.delivery.use_cases.tracking import Tracking
from services.delivery.use_cases.watch_pressure import WatchPressure
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text
from services.shared.aws.token_keys import SecretTokenKeys
from services.shared.clock import Clock
from services.shared.ids import new_id
from services.shared.observability import service_logger


@cache
def sending() -> SendMessages:
    """What `on_requests` runs."""
    return _sending(OnRequestsSettings.from_env())


@cache
def sweeping() -> SweepMessages:
    """What `sweep` runs."""
    settings = SweepSettings.from_env()
    return SweepMessages(
        messages=_messages(settings.messages_table, settings.gates_table),
        sending=_sending(settings),
        clock=settings.clock(),
        after=timedelta(seconds=settings.sweep_after_seconds),
    )


@cache
def copying_permissions() -> CopyPermissions:
    """What `on_consent` runs."""
    settings = OnConsentSettings.from_env()
    return CopyPermissions(
        gates=DynamoGates(Table(settings.gates_table)),
        messages=_messages(settings.messages_table, settings.gates_table),
    )


@cache
def copying_contacts() -> CopyContacts:
    """What `on_profiles_changed` runs."""
    settings = OnProfilesChangedSettings.from_env()
    return CopyContacts(
        gates=DynamoGates(Table(settings.gates_table)),
        ledgers=DynamoLedgers(Table(settings.gates_table)),
        address_secret=lambda: secret_text(settings.address_secret_arn),
    )


@cache
def learning() -> LearnTastes:
    """What `on_profiles_changed` runs, too."""
    settings = OnProfilesChangedSettings.from_env()
    return LearnTastes(
        tastes=DynamoTastes(Table(settings.gates_table)),
        catalogue=DynamoCatalogue(Table(settings.products_table)),
    )


@cache
def noting() -> NoteFeedback:
    """What `on_feedback` runs."""
    settings = OnFeedbackSettings.from_env()
    return NoteFeedback(
        messages=_messages(settings.messages_table, settings.gates_table),
        gates=DynamoGates(Table(settings.gates_table)),
        ledgers=DynamoLedgers(Table(settings.gates_table)),
    )


@cache
def noting_conversions() -> NoteConversions:
    """What `on_exits` runs."""
    settings = OnExitsSettings.from_env()
    return NoteConversions(_messages(settings.messages_table, settings.gates_table))


@cache
def following() -> FollowLinks:
    """What `clicks` runs."""
    settings = ClicksSettings.from_env()
    return FollowLinks(
        messages=_messages(settings.messages_table, ""),
        reports=SqsReports(settings.feedback_queue_url),
        keys=SecretTokenKeys(settings.token_secret_arn),
        clock=settings.clock(),
        late=timedelta(seconds=settings.deliveries_late_seconds),
        lost=lambda error: service_logger("delivery").error(
            "visit lost", extra={"error": type(error).__name__}
        ),
    )


@cache
def publishing() -> PublishOutcomes:
    """What `on_messages_stream` runs."""
    settings = OnMessagesStreamSettings.from_env()
    return PublishOutcomes(
        counters=DynamoCounters(Table(settings.reports_table)),
        lines=S3Outcomes(settings.lake_bucket),
        bus=Bus(settings.bus_name),
        clock=settings.clock(),
    )


@cache
def answering() -> AnswerPerson:
    """What `person` runs."""
    settings = PersonSettings.from_env()
    return AnswerPerson(
        messages=_messages(settings.messages_table, settings.gates_table),
        gates=DynamoGates(Table(settings.gates_table)),
        traces=DynamoTraces(Table(settings.messages_table), Table(settings.gates_table)),
        work=DynamoWork(Table(settings.work_table)),
        tastes=DynamoTastes(Table(settings.gates_table)),
        address_secret=lambda: secret_text(settings.address_secret_arn),
        clock=settings.clock(),
    )


@cache
def serving() -> ServeMarketers:
    """What `api` runs."""
    settings = ApiSettings.from_env()
    return ServeMarketers(
        messages=_messages(settings.messages_table, settings.gates_table),
    )


@cache
def serving_templates() -> ServeTemplates:
    """What `templates` runs."""
    settings = TemplatesSettings.from_env()
    return ServeTemplates(
        templates=DynamoTemplates(Table(settings.templates_table)),
        compile_mjml=compile_mjml,
        clock=settings.clock(),
    )


@cache
def serving_catalogue() -> ServeCatalogue:
    """What `templates` runs, too."""
    return ServeCatalogue(catalogue=DynamoCatalogue(Table(TemplatesSettings.from_env().products_table)))


def _mail(settings: PreviewsSettings | OnRequestsSettings) -> SesSender:
    return SesSender(settings.from_address, settings.configuration_set, settings.marketing_configuration_set)


@cache
def previewing() -> PreviewTemplates:
    """What `previews` runs."""
    settings = PreviewsSettings.from_env()
    return PreviewTemplates(
        templates=DynamoTemplates(Table(settings.templates_table)),
        gates=DynamoGates(Table(settings.gates_table)),
        compose=_composing(settings.gates_table, settings.products_table),
        sender=_mail(settings),
        clock=settings.clock(),
    )


@cache
def counting_stages() -> tuple[Funnel, Clock]:
    """What `on_stages` runs."""
    settings = OnStagesSettings.from_env()
    return DynamoFunnel(Table(settings.reports_table)), settings.clock()


@cache
def reporting() -> Reports:
    """What `reports` runs."""
    settings = ReportsSettings.from_env()
    table = Table(settings.reports_table)
    return Reports(
        counters=DynamoCounters(table),
        funnel=DynamoFunnel(table),
        priced=DynamoChannels(Table(settings.templates_table)),
        clock=settings.clock(),
    )


@cache
def outcomes() -> TellOutcomes:
    """What `outcomes` runs."""
    settings = OutcomesSettings.from_env()
    return TellOutcomes(DynamoCounters(Table(settings.reports_table)), settings.clock())


@cache
def setting_pressure() -> SetPressure:
    """What `pressure` and `renew_calendar` run."""
    settings = PressureSettings.from_env()
    return SetPressure(
        policies=DynamoPolicies(Table(settings.pressure_table)),
        pauses=DynamoPauses(Table(settings.pressure_table), Table(settings.gates_table)),
        tallies=DynamoTallies(Table(settings.reports_table)),
        look_up=look_up,
        default=default_policy(settings.daily_cap, brakes=settings.brakes),
        clock=settings.clock(),
    )


@cache
def watching_pressure() -> WatchPressure:
    """What `watch_pressure` runs."""
    settings = PressureSettings.from_env()
    return WatchPressure(
        pauses=DynamoPauses(Table(settings.pressure_table), Table(settings.gates_table)),
        tallies=DynamoTallies(Table(settings.reports_table)),
        default=default_policy(settings.daily_cap, brakes=settings.brakes),
        clock=settings.clock(),
    )


@cache
def publishing_pauses() -> PublishPauses:
    """What `on_pressure_stream` runs."""
    settings = OnPressureStreamSettings.from_env()
    return PublishPauses(bus=Bus(settings.bus_name), clock=settings.clock())


def _messages(messages_table: str, gates_table: str) -> DynamoMessages:
    return DynamoMessages(Table(messages_table), Table(gates_table))


def _composing(gates_table: str, products_table: str) -> Compose:
    return Compose(DynamoTastes(Table(gates_table)), DynamoCatalogue(Table(products_table)))


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
        messages=_messages(settings.messages_table, settings.gates_table),
        gates=gates,
        templates=DynamoTemplates(Table(settings.templates_table)),
        senders={
            "email": _mail(settings),
            "sms": SmsSender(settings.sms_origination, settings.sms_configuration_set),
            "push": PushSender(settings.push_application_id),
            **outward_senders(settings),
        },
        prepare=Prepare(
            gates=gates,
            channels=DynamoChannels(Table(settings.templates_table)),
            links=Links(settings.public_url, lambda: secret_text(settings.token_secret_arn)),
            tracking=Tracking(settings.public_url, lambda: secret_text(settings.token_secret_arn)),
            compose=_composing(settings.gates_table, settings.products_table),
            address_secret=address_secret,
            pressure=pressure,
        ),
        pressure=pressure,
        address_secret=address_secret,
        clock=settings.clock(),
        new_id=new_id,
    )
