"""Consent's ears: replies that come in, complaints, and the SMS provider's opt-out list."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack
from services.shared.contracts.consent import ConsentChanged
from services.shared.contracts.delivery import ComplaintsReceived


def add_replies(
    stack: ServiceStack, *, purposes: dynamodb.Table, ledger: dynamodb.Table, evidence: dynamodb.Table
) -> None:
    """Every road by which a withdrawal comes in that is not a page or the marketers' API."""
    ears = _Ears(stack, purposes, ledger, evidence)
    ears.replies()
    ears.complaints()
    ears.opt_outs()


class _Ears:
    def __init__(
        self,
        stack: ServiceStack,
        purposes: dynamodb.Table,
        ledger: dynamodb.Table,
        evidence: dynamodb.Table,
    ) -> None:
        self._stack = stack
        self._purposes = purposes
        self._ledger = ledger
        self._evidence = evidence
        self._settings = {
            "purposes_table": purposes.table_name,
            "ledger_table": ledger.table_name,
            "evidence_table": evidence.table_name,
            "address_secret_arn": stack.address_secret.secret_arn,
        }

    def replies(self) -> None:
        """Messages that come in: the operator points the number's two-way channel, and a receipt rule for mail, at
        the topic."""
        topic = sns.Topic(self._stack, "Inbound", enforce_ssl=True)
        for name in ("sms-voice", "ses"):
            topic.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=f"From{name.replace('-', '').title()}",
                    principals=[iam.ServicePrincipal(f"{name}.amazonaws.com")],
                    actions=["sns:Publish"],
                    resources=[topic.topic_arn],
                    conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
                )
            )
        function = self._stack.function(
            "OnInbound",
            handler="on_inbound",
            settings={
                **self._settings,
                "token_secret_arn": self._stack.token_secret.secret_arn,
            },
        )
        self._let_end(function)
        self._evidence.grant(function, "dynamodb:UpdateItem")
        self._stack.token_secret.grant_read(function)
        queue = self._stack.queue("InboundQueue")
        topic.add_subscription(subscriptions.SqsSubscription(queue, dead_letter_queue=queue.dead_letters))
        self._stack.consume(function, queue, batch_size=10)
        self._stack.announce("inbound-topic-arn", topic.topic_arn)

    def complaints(self) -> None:
        function = self._stack.function(
            "OnComplaints",
            handler="on_complaints",
            settings=self._settings,
        )
        self._let_end(function)
        self._stack.react(function, facts=[ComplaintsReceived], batch_size=10)

    def opt_outs(self) -> None:
        name = str(self._stack.node.try_get_context("sms_opt_out_list") or "Default")
        settings = {
            **self._settings,
            "sms_opt_out_list": name,
        }
        place = f"arn:{Aws.PARTITION}:sms-voice:{Aws.REGION}:{Aws.ACCOUNT_ID}:opt-out-list/{name}"

        def let(function: ServiceFunction, *operations: str) -> None:
            actions = [f"sms-voice:{operation}" for operation in operations]
            function.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=[place]))

        follow = self._stack.function("OnSmsPermissions", handler="on_sms_permissions", settings=settings)
        self._ledger.grant(follow, "dynamodb:BatchGetItem", "dynamodb:Query")
        self._evidence.grant(follow, "dynamodb:BatchGetItem")
        self._stack.address_secret.grant_read(follow)
        let(follow, "PutOptedOutNumber", "DeleteOptedOutNumber")
        queue = self._stack.queue("OnSmsPermissionsQueue")
        by_text = events.EventPattern(
            source=[ConsentChanged.source],
            detail_type=[ConsentChanged.detail_type],
            detail={"changes": {"channel": ["sms"]}},
        )
        self._stack.subscribe("SmsPermissions", queue, by_text)
        self._stack.consume(follow, queue, batch_size=10)
        read = self._stack.function("OptOuts", handler="opt_outs", settings=settings, timeout_seconds=900)
        self._let_end(read)
        let(read, "DescribeOptedOutNumbers")
        self._stack.schedule(read, "rate(1 day)" if self._stack.halte.is_local else "rate(1 hour)")

    def _let_end(self, function: ServiceFunction) -> None:
        """What it takes to find an address's permissions and to end them."""
        self._purposes.grant(function, "dynamodb:GetItem")
        self._ledger.grant(
            function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem"
        )
        self._evidence.grant(function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem")
        self._stack.address_secret.grant_read(function)
