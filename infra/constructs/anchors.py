"""Anchors of the consent ledger: the key that signs them, the bucket that locks them, and the one function that may
write there. It may put an object and read one back; nobody may delete, overwrite or shorten a lock."""

from __future__ import annotations

from aws_cdk import Acknowledgment, CfnElement, Duration, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from infra.constructs.service_stack import ServiceStack
from services.consent.adapters.anchor_store import PREFIX


class Anchors:
    """The key, the bucket, the index, and the function that runs every hour."""

    def __init__(self, stack: ServiceStack, ledger: dynamodb.Table) -> None:
        self.index = stack.table("Anchors", partition_key="pk", sort_key="sk")
        self.key = kms.Key(
            stack,
            "AnchorKey",
            description="Signs the anchors of the consent ledger",
            key_spec=kms.KeySpec.ECC_NIST_P256,
            key_usage=kms.KeyUsage.SIGN_VERIFY,
            removal_policy=stack.halte.removal_policy,
        )
        self._bucket = _bucket(stack)
        stack.announce("anchor-bucket", self._bucket.bucket_name)
        stack.announce("anchor-key-arn", self.key.key_arn)
        self._anchor(stack, ledger)

    def _anchor(self, stack: ServiceStack, ledger: dynamodb.Table) -> None:
        function = stack.function(
            "Anchor",
            handler="anchor",
            settings={
                "ledger_table": ledger.table_name,
                "anchors_table": self.index.table_name,
                "anchor_key_arn": self.key.key_arn,
                "anchor_bucket": self._bucket.bucket_name,
            },
            memory=1024,
            timeout_seconds=300,
        )
        ledger.grant(function, "dynamodb:GetItem", "dynamodb:Query")
        self.index.grant(function, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem")
        self.key.grant(function, "kms:Sign")
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["s3:PutObject", "s3:GetObject"],
                resources=[self._bucket.arn_for_objects(f"{PREFIX}*")],
            )
        )
        stack.schedule(function, "rate(1 hour)")
        resource = self._bucket.node.default_child
        if not isinstance(resource, CfnElement):
            raise TypeError("a bucket has no resource")
        objects = f"<{stack.get_logical_id(resource)}.Arn>/{PREFIX}*"
        Validations.of(stack).acknowledge(
            Acknowledgment(
                id=f"AwsSolutions::AwsSolutions-IAM5[Resource::{objects}]",
                reason="Anchors are numbered; nothing else is under their prefix.",
            )
        )


def _bucket(stack: ServiceStack) -> s3.Bucket:
    days = Duration.days(stack.halte.anchor_days)
    lock = s3.ObjectLockRetention
    bucket = s3.Bucket(
        stack,
        "AnchorBucket",
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        versioned=True,
        object_lock_enabled=True,
        object_lock_default_retention=(
            lock.compliance(days) if stack.halte.anchor_lock == "compliance" else lock.governance(days)
        ),
        removal_policy=stack.halte.removal_policy,
    )
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=[
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
                "s3:BypassGovernanceRetention",
                "s3:PutObjectRetention",
            ],
            resources=[bucket.arn_for_objects("*")],
        )
    )
    return bucket
