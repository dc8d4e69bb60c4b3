"""SES's reports by Firehose: a file a minute instead of a message each."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Duration, Size, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses

from infra.constructs.service_stack import ServiceStack
from infra.constructs.work_queue import WorkQueue

GATHERS = Duration.seconds(60)
"""How long Firehose gathers, and about how late reports are."""

LARGEST = Size.mebibytes(1)
"""A larger file is cut: a function notes this much in seconds."""

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
    stream = firehose.DeliveryStream(
        stack,
        "MailReportStream",
        destination=firehose.S3Bucket(
            bucket,
            compression=firehose.Compression.GZIP,
            buffering_interval=GATHERS,
            buffering_size=LARGEST,
        ),
        encryption=firehose.StreamEncryption.aws_owned_key(),
    )
    function = stack.function(
        "OnReportFiles",
        handler="on_report_files",
        settings={
            "messages_table": messages.table_name,
            "gates_table": gates.table_name,
            "reports_bucket": bucket.bucket_name,
            "feedback_queue_url": reports.queue_url,
        },
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
    stack.subscribe("MailReportWritten", files, pattern, default_bus=True)
    stack.consume(function, files, batch_size=1, window_seconds=0)
    _explain(stack, bucket, stream)
    return ses.EventDestination.firehose_delivery_stream(delivery_stream=stream)


def _explain(stack: ServiceStack, bucket: s3.Bucket, stream: firehose.DeliveryStream) -> None:
    """To auditors."""
    rule = "AwsSolutions::AwsSolutions-IAM5"
    name = stack.resolve(bucket.bucket_arn)["Fn::GetAtt"][0]
    writes = [f"Action::s3:{one}*" for one in ("GetObject", "GetBucket", "List", "DeleteObject", "Abort")]
    everything, files = f"Resource::<{name}.Arn>/*", f"Resource::<{name}.Arn>/*.gz"
    for scope, of, why in (
        (stream, [*writes, everything], "What CDK's own construct lets Firehose do to its bucket."),
        (stack, [files], "Firehose makes up the names of the files that are read."),
    ):
        Validations.of(scope).acknowledge(*(Acknowledgment(id=f"{rule}[{one}]", reason=why) for one in of))
