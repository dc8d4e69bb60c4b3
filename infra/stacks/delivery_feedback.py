"""Delivery's ears: what providers report, and who follows a link or opens a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aws_cdk import Aws, Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from aws_cdk import aws_smsvoice as smsvoice
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from infra.constructs.mail_files import KNOWN_WITHIN, tell_by_file
from infra.constructs.service_stack import ServiceStack
from infra.constructs.work_queue import WorkQueue
from infra.local_stage import leave_out

FILES, SNS, EVENT_BRIDGE = "files", "sns", "eventbridge"
"""Roads by which SES's reports may come: `FILES` for what is plentiful and a topic for the rest, or all by one. Locally
it is always the topic: the emulator has no Firehose, and takes no events of AWS's own."""

REPORTS_BATCH, REPORTS_GATHER = 200, 5
"""Reports, and seconds: what comes after them is paid for by the batch."""

CLICK_ROUTES = tuple(f"{method} /{path}/{{token}}" for path in ("c", "o") for method in ("GET", "HEAD"))

MAIL_EVENTS = [
    ses.EmailSendingEvent.SEND,
    ses.EmailSendingEvent.DELIVERY,
    ses.EmailSendingEvent.BOUNCE,
    ses.EmailSendingEvent.COMPLAINT,
    ses.EmailSendingEvent.REJECT,
    ses.EmailSendingEvent.RENDERING_FAILURE,
    ses.EmailSendingEvent.DELIVERY_DELAY,
    ses.EmailSendingEvent.SUBSCRIPTION,
]
"""Of service messages; without opens and clicks: asked for these, SES would follow everybody in every message, whatever
they permitted."""

MARKETING_EVENTS = [one for one in MAIL_EVENTS if one != ses.EmailSendingEvent.SEND]
"""That SES took a message is told for those that are repeated where nothing is known of them. One that needs permission
is never repeated, and its delivery or bounce says the same."""

PLENTIFUL = [ses.EmailSendingEvent.DELIVERY]
"""What nearly every message has and nobody waits for. What stops messages, or ends a permission, is told at once."""

Told = tuple[ses.ConfigurationSet, Sequence[ses.EmailSendingEvent]]
"""By which configuration set messages leave, and what SES tells of them."""


def add_feedback(
    stack: ServiceStack,
    *,
    messages: dynamodb.Table,
    gates: dynamodb.Table,
    mail: ses.ConfigurationSet,
    marketing: ses.ConfigurationSet,
    sms_configuration_set: str,
) -> None:
    """One queue for all that is reported, by a topic or by ourselves."""
    topic = sns.Topic(stack, "Feedback", enforce_ssl=True)
    on_feedback = stack.function(
        "OnFeedback",
        handler="on_feedback",
        settings={"messages_table": messages.table_name, "gates_table": gates.table_name},
    )
    messages.grant(on_feedback, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem")
    gates.grant(on_feedback, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
    queue = stack.queue("FeedbackQueue")
    topic.add_subscription(subscriptions.SqsSubscription(queue, dead_letter_queue=queue.dead_letters))
    stack.consume(on_feedback, queue, batch_size=REPORTS_BATCH, window_seconds=REPORTS_GATHER)
    late = tell_of_mail(
        stack,
        topic,
        queue,
        {"FeedbackDestination": (mail, MAIL_EVENTS), "MarketingFeedback": (marketing, MARKETING_EVENTS)},
        lambda: tell_by_file(stack, messages=messages, gates=gates, reports=queue),
    )
    _sms_feedback(stack, topic, sms_configuration_set)
    _clicks(stack, messages, queue, late)
    stack.announce("feedback-topic-arn", topic.topic_arn)


def tell_of_mail(
    stack: ServiceStack,
    topic: sns.Topic,
    queue: WorkQueue,
    sets: Mapping[str, Told],
    by_file: Callable[[], ses.EventDestination],
) -> Duration:
    """Let SES tell of messages by the topic, and `by_file` of what is plentiful; with `-c mail_feedback=sns` of all by
    the topic, with `eventbridge` on the account's default bus, where others can listen too. How late deliveries are."""
    road = SNS if stack.halte.is_local else stack.node.try_get_context("mail_feedback") or FILES
    if road not in (FILES, SNS, EVENT_BRIDGE):
        raise ValueError(f"mail_feedback {road!r}: {FILES}, {SNS} or {EVENT_BRIDGE}")
    if road == EVENT_BRIDGE:
        at_once = _on_default_bus(stack, queue, [of for of, _ in sets.values()])
    else:
        at_once = ses.EventDestination.sns_topic(topic)
    later = by_file() if road == FILES else None
    for id, (of, told) in sets.items():
        urgent = [one for one in told if later is None or one not in PLENTIFUL]
        destination = ses.ConfigurationSetEventDestination(
            stack, id, configuration_set=of, destination=at_once, events=urgent
        )
        if later is not None:
            files = ses.ConfigurationSetEventDestination(
                stack, f"{id}Files", configuration_set=of, destination=later, events=PLENTIFUL
            )
            # A stage of before tells of deliveries by the topic until they are told by the file.
            destination.node.add_dependency(files)
    return Duration.seconds(0) if later is None else KNOWN_WITHIN


def _on_default_bus(
    stack: ServiceStack, queue: WorkQueue, sets: Sequence[ses.ConfigurationSet]
) -> ses.EventDestination:
    ours = {"mail": {"tags": {"ses:configuration-set": [one.configuration_set_name for one in sets]}}}
    pattern = events.EventPattern(source=["aws.ses"], detail=ours)
    stack.subscribe("MailFeedback", queue, pattern, default_bus=True)
    return ses.EventDestination.event_bus(events.EventBus.from_event_bus_name(stack, "Default", "default"))


def _clicks(stack: ServiceStack, messages: dynamodb.Table, queue: WorkQueue, late: Duration) -> None:
    clicks = stack.function(
        "Clicks",
        handler="clicks",
        settings={
            "messages_table": messages.table_name,
            "feedback_queue_url": queue.queue_url,
            "token_secret_arn": stack.token_secret.secret_arn,
            "deliveries_late_seconds": str(int(late.to_seconds())),
        },
    )
    messages.grant(clicks, "dynamodb:GetItem")
    queue.grant(clicks, "sqs:SendMessage")
    stack.token_secret.grant_read(clicks)
    stack.routes(clicks, CLICK_ROUTES, public=True)


def _sms_feedback(stack: ServiceStack, topic: sns.Topic, name: str) -> None:
    allowed = topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="SmsEvents",
            principals=[iam.ServicePrincipal("sms-voice.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
    sms = smsvoice.CfnConfigurationSet(
        stack,
        "Sms",
        configuration_set_name=name,
        event_destinations=[
            smsvoice.CfnConfigurationSet.EventDestinationProperty(
                enabled=True,
                event_destination_name="feedback",
                matching_event_types=["TEXT_ALL"],
                sns_destination=smsvoice.CfnConfigurationSet.SnsDestinationProperty(
                    topic_arn=topic.topic_arn
                ),
            )
        ],
    )
    if allowed.policy_dependable:
        sms.node.add_dependency(allowed.policy_dependable)
    if stack.halte.is_local:
        leave_out(sms)
