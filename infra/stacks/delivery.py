"""Delivery: templates, the send protocol, what providers report, and the counters of reports."""

from __future__ import annotations

from email.utils import parseaddr

from aws_cdk import Aws
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from infra.constructs.freshness import watch_freshness
from infra.constructs.outcome_lake import keep_outcomes
from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack
from infra.environment import Environment
from infra.stacks.delivery_channels import Channels
from infra.stacks.delivery_content import add_content
from infra.stacks.delivery_feedback import add_feedback
from infra.stacks.delivery_pressure import add_pressure, allow_pressure, default_settings
from services.shared.contracts.consent import ConfirmationRequested, ConsentChanged, NoticeRequested
from services.shared.contracts.ingest import ProfilesChanged, ProfilesMerged
from services.shared.contracts.journeys import JourneyExited, MessageRequested
from services.shared.contracts.outcomes import outcomes_function
from services.shared.contracts.scoring import StageChanged
from services.shared.freshness import COPIED

SWEEP_AFTER_SECONDS = 15 * 60
LOCAL_SWEEP_AFTER_SECONDS = 30 * 86_400
"""On a clock that runs half a million times faster, a message on its way would seem to be hours old."""

OUTBOX_BATCH, OUTBOX_GATHERS = 500, 5
"""Changes of messages, and seconds: an object in the lake and a note of what was counted are paid for by the batch."""

SEND_TIMEOUT_SECONDS = 60
READ_WRITE = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")


class DeliveryStack(ServiceStack):
    """Owned by the delivery service."""

    def __init__(self, scope: Construct, env: Environment) -> None:
        super().__init__(scope, service="delivery", environment=env)
        self.messages = self._message_table()
        self.gates = self.table("Gates", partition_key="pk", sort_key="sk", ttl="expires_at")
        self.templates = self.table("Templates", partition_key="name", sort_key="part")
        self.products = self.table("Products", partition_key="pk", sort_key="sk")
        self.reports = self.table("Reports", partition_key="pk", sort_key="sk", ttl="expires_at")
        self.pressure = self.table("Pressure", partition_key="pk", sort_key="sk", stream=True)
        self.configuration_set = ses.ConfigurationSet(self, "Mail")
        self.marketing = ses.ConfigurationSet(self, "Marketing")
        self.sms_configuration_set = f"halte-{env.stage}"
        self.channels = Channels(self)
        self._senders()
        self._copies()
        add_feedback(
            self,
            messages=self.messages,
            gates=self.gates,
            mail=self.configuration_set,
            marketing=self.marketing,
            sms_configuration_set=self.sms_configuration_set,
        )
        self._outbox()
        self._routes()
        self._report()
        self._progress()
        self._person()
        add_pressure(
            self, pressure=self.pressure, gates=self.gates, reports=self.reports, templates=self.templates
        )
        add_content(self)
        self.announce("email-configuration-set", self.configuration_set.configuration_set_name)

    def _message_table(self) -> dynamodb.Table:
        table = self.table("Messages", partition_key="send_id", stream=True)
        for name, partition, sort in (
            ("open", "open_partition", "claimed_at"),
            ("by_profile", "profile_id", "requested_at"),
        ):
            table.add_global_secondary_index(
                index_name=name,
                partition_key=dynamodb.Attribute(name=partition, type=dynamodb.AttributeType.STRING),
                sort_key=dynamodb.Attribute(name=sort, type=dynamodb.AttributeType.STRING),
                projection_type=dynamodb.ProjectionType.KEYS_ONLY,
            )
        return table

    def _senders(self) -> None:
        settings = {
            "messages_table": self.messages.table_name,
            "gates_table": self.gates.table_name,
            "templates_table": self.templates.table_name,
            "products_table": self.products.table_name,
            "address_secret_arn": self.address_secret.secret_arn,
            "token_secret_arn": self.token_secret.secret_arn,
            "public_url": self.api_url,
            "from_address": self.halte.from_address,
            **self.mail_settings(),
            "sms_origination": self.halte.sms_origination,
            "sms_configuration_set": self.sms_configuration_set,
            **self.channels.settings,
            "pressure_table": self.pressure.table_name,
            **default_settings(self),
        }
        on_requests = self.function(
            "OnRequests",
            handler="on_requests",
            settings=settings,
            memory=1024,
            timeout_seconds=SEND_TIMEOUT_SECONDS,
        )
        self._allow_sending(on_requests)
        self.react(
            on_requests,
            facts=[MessageRequested, ConfirmationRequested, NoticeRequested],
            batch_size=10,
            max_concurrency=5,
            timeout_seconds=SEND_TIMEOUT_SECONDS,
        )
        after = LOCAL_SWEEP_AFTER_SECONDS if self.halte.is_local else SWEEP_AFTER_SECONDS
        sweep = self.function(
            "Sweep",
            handler="sweep",
            settings={**settings, "sweep_after_seconds": str(after)},
            timeout_seconds=SEND_TIMEOUT_SECONDS,
        )
        self._allow_sending(sweep)
        self.schedule(sweep, "rate(1 minute)")

    def _allow_sending(self, function: ServiceFunction) -> None:
        self.messages.grant(function, *READ_WRITE)
        self.messages.grant(function, "dynamodb:BatchGetItem", "dynamodb:Query")
        self.gates.grant(
            function,
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:ConditionCheckItem",
            "dynamodb:Query",
        )
        allow_pressure(function, self.pressure, self.gates)
        self.products.grant(function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")
        self.templates.grant(function, "dynamodb:GetItem")
        self.address_secret.grant_read(function)
        self.token_secret.grant_read(function)
        self.allow_mail(function)
        prefix = f"arn:{Aws.PARTITION}"
        place = f"{Aws.REGION}:{Aws.ACCOUNT_ID}"
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["sms-voice:SendTextMessage"],
                resources=[
                    f"{prefix}:sms-voice:{place}:{kind}/*" for kind in ("phone-number", "sender-id", "pool")
                ],
            )
        )
        self.channels.allow_sending(function)

    def mail_settings(self) -> dict[str, str]:
        """By which configuration sets e-mail leaves: a pause of the one does not stop the other."""
        return {
            "configuration_set": self.configuration_set.configuration_set_name,
            "marketing_configuration_set": self.marketing.configuration_set_name,
        }

    def allow_mail(self, function: ServiceFunction) -> None:
        """Let a function send e-mail in the name of the verified sender."""
        prefix = f"arn:{Aws.PARTITION}:ses:{Aws.REGION}:{Aws.ACCOUNT_ID}"
        sets = [f"{prefix}:configuration-set/{name}" for name in self.mail_settings().values()]
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["ses:SendEmail", "ses:SendRawEmail"],
                resources=[f"{prefix}:identity/*", *sets],
                conditions={"StringEquals": {"ses:FromAddress": parseaddr(self.halte.from_address)[1]}},
            )
        )

    def _copies(self) -> None:
        on_consent = self.function(
            "OnConsent",
            handler="on_consent",
            settings={"messages_table": self.messages.table_name, "gates_table": self.gates.table_name},
            timeout_seconds=60,
        )
        self.messages.grant(on_consent, "dynamodb:GetItem", "dynamodb:PutItem")
        self.gates.grant(
            on_consent,
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        )
        self.react(on_consent, facts=[ConsentChanged], batch_size=20, timeout_seconds=60)
        watch_freshness(self, COPIED)
        on_profiles = self.function(
            "OnProfilesChanged",
            handler="on_profiles_changed",
            settings={
                "gates_table": self.gates.table_name,
                "products_table": self.products.table_name,
                "address_secret_arn": self.address_secret.secret_arn,
            },
            timeout_seconds=60,
        )
        self.products.grant(on_profiles, "dynamodb:GetItem", "dynamodb:PutItem")
        self.gates.grant(
            on_profiles,
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        )
        self.address_secret.grant_read(on_profiles)
        self.react(on_profiles, facts=[ProfilesChanged, ProfilesMerged], batch_size=20, timeout_seconds=60)

    def _outbox(self) -> None:
        publisher = self.publisher(
            "OnMessagesStream",
            handler="on_messages_stream",
            table=self.messages,
            settings={"reports_table": self.reports.table_name, "lake_bucket": self.lake_bucket_name},
            batch_size=OUTBOX_BATCH,
            gather_seconds=OUTBOX_GATHERS,
        )
        keep_outcomes(self, publisher)
        self.reports.grant(publisher, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")

    def _person(self) -> None:
        function = self.person(
            settings={
                "messages_table": self.messages.table_name,
                "gates_table": self.gates.table_name,
                "work_table": self.channels.work.table_name,
                "address_secret_arn": self.address_secret.secret_arn,
            }
        )
        self.channels.allow_forgetting(function)
        self.messages.grant(
            function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:DeleteItem"
        )
        self.gates.grant(
            function,
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:Query",
            "dynamodb:PutItem",
            "dynamodb:DeleteItem",
        )
        self.address_secret.grant_read(function)

    def _routes(self) -> None:
        api = self.function(
            "Marketers",
            handler="api",
            settings={
                "messages_table": self.messages.table_name,
                "gates_table": self.gates.table_name,
            },
        )
        self.messages.grant(api, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")
        self.gates.grant(api, "dynamodb:GetItem", "dynamodb:Query")
        outcomes = self.function(
            "Outcomes",
            handler="outcomes",
            settings={"reports_table": self.reports.table_name},
            name=outcomes_function(self.halte.stage),
        )
        self.reports.grant(outcomes, "dynamodb:Query")
        self.routes(
            api,
            [
                "GET /messages/{send_id}",
                "GET /decisions",
            ],
        )

    def _progress(self) -> None:
        on_exits = self.function(
            "OnExits",
            handler="on_exits",
            settings={"messages_table": self.messages.table_name, "gates_table": self.gates.table_name},
        )
        self.messages.grant(on_exits, "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:UpdateItem")
        self.gates.grant(on_exits, "dynamodb:GetItem", "dynamodb:Query")
        self.react(on_exits, facts=[JourneyExited])
        on_stages = self.function(
            "OnStages", handler="on_stages", settings={"reports_table": self.reports.table_name}
        )
        self.reports.grant(on_stages, "dynamodb:PutItem", "dynamodb:UpdateItem")
        self.react(on_stages, facts=[StageChanged])

    def _report(self) -> None:
        reports = self.function(
            "ReportRoutes",
            handler="reports",
            settings={
                "reports_table": self.reports.table_name,
                "templates_table": self.templates.table_name,
            },
            memory=1024,
        )
        self.reports.grant(reports, "dynamodb:Query")
        self.templates.grant(reports, "dynamodb:GetItem")
        self.routes(
            reports,
            [
                "GET /reports/summary",
                "GET /reports/channels/{channel}",
                "GET /reports/funnel/{lifecycle}",
                "GET /reports/{kind}",
            ],
        )
