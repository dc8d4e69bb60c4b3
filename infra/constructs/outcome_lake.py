"""The lines of reports in the lake's bucket: the outbox writes them, and a function makes Parquet of finished days."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack
from services.delivery.domain.reports.lines import PARQUET, RAW

COMPACT_SECONDS = 600
COMPACT_MEMORY = 2048
DUCKDB_MEMORY = 1200
"""Of these, what DuckDB may use before it spills to /tmp; the rest is Python's and the SDK's."""


def keep_outcomes(stack: ServiceStack, outbox: ServiceFunction) -> None:
    """Let `outbox` write lines, and add the function that compacts them, every six hours."""
    bucket = s3.Bucket.from_bucket_name(stack, "OutcomeLake", stack.lake_bucket_name)
    outbox.add_to_role_policy(
        iam.PolicyStatement(actions=["s3:PutObject"], resources=[bucket.arn_for_objects(f"{RAW}*")])
    )
    function = stack.function(
        "Compact",
        handler="compact",
        settings={"lake_bucket": stack.lake_bucket_name, "memory_mb": str(DUCKDB_MEMORY)},
        memory=COMPACT_MEMORY,
        timeout_seconds=COMPACT_SECONDS,
        wheels="delivery-lake",
        disk=4096,
    )
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            resources=[bucket.arn_for_objects(f"{prefix}*") for prefix in (RAW, PARQUET)],
        )
    )
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["s3:ListBucket"],
            resources=[bucket.bucket_arn],
            conditions={"StringLike": {"s3:prefix": [f"{RAW}*", f"{PARQUET}*"]}},
        )
    )
    stack.schedule(function, "rate(6 hours)")
    name = stack.resolve(stack.lake_bucket_name)["Ref"]
    Validations.of(stack).acknowledge(
        *(
            Acknowledgment(
                id=f"AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::<{name}>/{prefix}*]",
                reason="The lines are named by day and content, under two prefixes of the lake's bucket.",
            )
            for prefix in (RAW, PARQUET)
        )
    )
