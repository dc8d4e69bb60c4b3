"""What SES tells by Firehose: a file a minute instead of a message each."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Duration, Size, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses

from infra.constructs.alarms import raise_alarm
from infra.constructs.service_stack import ServiceStack
from infra.constructs.work_queue import WorkQueue

GATHERS = Duration.seconds(60)
"""How long Firehose gathers, and about how late reports are."""

KNOWN_WITHIN = Duration.seconds(90)
"""What is in a file is noted by then: gathered, written, told of and read."""

LARGEST = Size.mebibytes(1)
"""What Firehose gathers at most, before it is packed: some 500 reports of 2 KB, which are noted in seconds. Where its
writes fall behind, Firehose makes files larger by itself: the function has the time for 50 times as much."""

LATE = Duration.minutes(15)
"""Firehose keeps for a day what it can't write."""

MEMORY = 1024
"""It is the processor's share that notes many reports at a time."""

UNREAD_DAYS = 14
"""As long as a dead-letter queue keeps the name of a file that can't be read."""

TIMEOUT_SECONDS = 300


def tell_by_file(
    stack: ServiceStack, *, messages: dynamodb.Table, gates: dynamodb.Table, reports: WorkQueue
) -> ses.EventDestination:
    """The stream, its bucket, and who notes each file and removes it; what of one can't be noted goes to `reports`."""
    bucket = s3.Bucket(
        stack,
        "MailReports",
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        removal_policy=stack.halte.removal_policy,
        lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(UNREAD_DAYS))],
    )
    # Said of the resource itself: the construct would add a function of its own for it.
    made = bucket.node.default_child
    assert isinstance(made, s3.CfnBucket)
    made.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )
    stream = _stream(stack, bucket)
    function = stack.function(
        "OnReportFiles",
        handler="on_report_files",
        settings={
            "messages_table": messages.table_name,
            "gates_table": gates.table_name,
            "reports_bucket": bucket.bucket_name,
            "feedback_queue_url": reports.queue_url,
        },
        memory=MEMORY,
        timeout_seconds=TIMEOUT_SECONDS,
    )
    messages.grant(function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem")
    gates.grant(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
    reports.grant(function, "sqs:SendMessage")
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["s3:GetObject", "s3:DeleteObject"], resources=[bucket.arn_for_objects("*.gz")]
        )
    )
    # Or S3 would say of a file that was noted and removed that it may not be read.
    function.add_to_role_policy(iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]))
    files = stack.queue("MailReportFiles", timeout_seconds=TIMEOUT_SECONDS)
    written = {"bucket": {"name": [bucket.bucket_name]}}
    pattern = events.EventPattern(source=["aws.s3"], detail_type=["Object Created"], detail=written)
    rule = stack.subscribe("MailReportWritten", files, pattern, default_bus=True)
    stream.node.add_dependency(rule)  # or nobody would be told of its first files
    stack.consume(function, files, batch_size=1, window_seconds=0)
    _explain(stack, bucket, stream)
    return ses.EventDestination.firehose_delivery_stream(delivery_stream=stream)


def _stream(stack: ServiceStack, bucket: s3.Bucket) -> firehose.DeliveryStream:
    troubles = logs.LogGroup(
        stack,
        "MailReportStreamLog",
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=stack.halte.removal_policy,
    )
    stream = firehose.DeliveryStream(
        stack,
        "MailReportStream",
        destination=firehose.S3Bucket(
            bucket,
            compression=firehose.Compression.GZIP,
            buffering_interval=GATHERS,
            buffering_size=LARGEST,
            logging_config=firehose.EnableLogging(troubles),
        ),
        encryption=firehose.StreamEncryption.aws_owned_key(),
    )
    raise_alarm(
        stream,
        "Behind",
        stack.alarms,
        stream.metric("DeliveryToS3.DataFreshness", statistic="Maximum", period=Duration.minutes(5)),
        threshold=LATE.to_seconds(),
        says="Reports of deliveries are late: Firehose can't write its files.",
    )
    return stream


def _explain(stack: ServiceStack, bucket: s3.Bucket, stream: firehose.DeliveryStream) -> None:
    """To auditors."""
    Validations.of(stack).acknowledge(
        Acknowledgment(
            id="CloudFormation-Validate::W7001",
            reason="CDK's own construct brings a table of Firehose's addresses, which only networks of one's own need.",
        )
    )
    rule = "AwsSolutions::AwsSolutions-IAM5"
    name = stack.resolve(bucket.bucket_arn)["Fn::GetAtt"][0]
    writes = [f"Action::s3:{one}*" for one in ("GetObject", "GetBucket", "List", "DeleteObject", "Abort")]
    everything, files = f"Resource::<{name}.Arn>/*", f"Resource::<{name}.Arn>/*.gz"
    for scope, of, why in (
        (stream, [*writes, everything], "What CDK's own construct lets Firehose do to its bucket."),
        (stack, [files], "Firehose makes up the names of the files that are read."),
    ):
        Validations.of(scope).acknowledge(*(Acknowledgment(id=f"{rule}[{one}]", reason=why) for one in of))
