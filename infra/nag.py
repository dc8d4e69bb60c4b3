"""cdk-nag over every stack, with a written reason for each rule that does not apply to us."""

from __future__ import annotations

from aws_cdk import Acknowledgment, App, Stack, Validations
from aws_cdk import aws_dynamodb as dynamodb
from cdk_nag import AwsSolutionsChecks

from infra.environment import Environment

_PACK = "AwsSolutions::AwsSolutions"
REASONS = {
    f"{_PACK}-S1": "One function writes the lake, in a role of its own, and CloudTrail records who reads it; "
    "access logs would double the objects and hold no more.",
    f"{_PACK}-SMG4": "The API key is rotated by whoever holds it; the link and address keys outlive links of 60 days "
    "and every stored address hash, so they are rotated by a documented procedure, not by a timer.",
    f"{_PACK}-L1": "python3.13 on purpose: locked wheels are built and tested for it. Moving is one line in "
    "infra/environment.py.",
    f"{_PACK}-IAM5[Resource::*]": "dynamodb:ListStreams, which an event source mapping needs, and "
    "ses:GetAccount and sms-voice:Describe*, which tell sending quotas and which numbers there are, name no resource.",
    f"{_PACK}-SQS3": "Only dead-letter queues themselves have none; tests/infra holds every work queue to having one.",
    f"{_PACK}-APIG4": "Public by design: client SDKs bring their own write key, and people who confirm, unsubscribe or "
    "change their preferences bring a signed token. tests/infra lists exactly these routes.",
}
"""Rule id → why Halte departs from it."""

_ACCOUNT = "<AWS::Region>:<AWS::AccountId>"
_WILDCARDS = {
    "arn:<AWS::Partition>:states:{account}:stateMachine:halte-{stage}-*": "Journeys creates a machine per published "
    "version at run time; the prefix is the stage's own.",
    "arn:<AWS::Partition>:ses:{account}:identity/*": "Who may be sent as is decided by the identities verified in the "
    "account; the From address is a fixed setting.",
    **{
        f"arn:<AWS::Partition>:sms-voice:{{account}}:{kind}/*": "The origination identity is a setting that may name "
        "a number, a pool or a sender id; which one exists is the account's choice."
        for kind in ("phone-number", "pool", "sender-id")
    },
    "arn:<AWS::Partition>:sns:{account}:endpoint/*": "A device's endpoint is created by the app when it registers.",
}
_INDEXES = "All indexes of a table this function may read; they hold nothing that the table does not."


def check(app: App, environment: Environment) -> None:
    """Let synthesis fail on every finding that has no reason above."""
    reasons = dict(REASONS)
    for pattern, reason in _WILDCARDS.items():
        resource = pattern.format(account=_ACCOUNT, stage=environment.stage)
        reasons[f"{_PACK}-IAM5[Resource::{resource}]"] = reason
    for table in app.node.find_all():
        if isinstance(table, dynamodb.CfnTable):
            logical_id = Stack.of(table).get_logical_id(table)
            reasons[f"{_PACK}-IAM5[Resource::<{logical_id}.Arn>/index/*]"] = _INDEXES
    validations = Validations.of(app)
    validations.add_plugins(AwsSolutionsChecks(app))
    validations.acknowledge(*(Acknowledgment(id=rule, reason=reason) for rule, reason in reasons.items()))
