"""What the embedded default leaves out of the templates, and why. Nothing else differs from a stage in an account where
SES tells everything by the topic (`infra/stacks/delivery_feedback.py`)."""

from __future__ import annotations

from constructs import Construct, Node

LEFT_OUT = {
    "AWS::Events::Archive": "the emulator refuses templates with archives (its API has them)",
    "AWS::SMSVOICE::ConfigurationSet": "the emulator has no End User Messaging; local recipients report by themselves",
}
"""CloudFormation types that are removed at the local stage, each with its reason."""


def leave_out(resource: Construct) -> None:
    """Take out again what holds a resource of `LEFT_OUT`."""
    if (parent := resource.node.scope) is not None:
        parent.node.try_remove_child(resource.node.id)


def leave_out_metadata(app: Node) -> None:
    """Leave out what the CDK notes beside templates of each construct, its name and a trace without a line of Python:
    the CLI reads all of a stack's anew at each event of its deployment."""
    for kept in ("creation-stack-traces", "logicalId-metadata"):
        app.set_context(f"aws:cdk:disable-{kept}", True)
