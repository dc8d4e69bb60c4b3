"""What the embedded default leaves out of the templates, and why. Nothing else differs between the stages."""

from __future__ import annotations

import jsii
from aws_cdk import CfnResource, IAspect
from constructs import IConstruct

LEFT_OUT = {
    "AWS::Events::Archive": "the emulator refuses templates with archives (its API has them)",
    "AWS::SMSVOICE::ConfigurationSet": "the emulator has no End User Messaging; local recipients report by themselves",
}
"""CloudFormation types that are removed at the local stage, each with its reason."""


@jsii.implements(IAspect)
class WithoutWhatTheEmulatorLacks:
    """Removes the resources of `LEFT_OUT` before synthesis."""

    def visit(self, node: IConstruct) -> None:
        """Called by CDK for every construct."""
        if isinstance(node, CfnResource) and node.cfn_resource_type in LEFT_OUT:
            parent = node.node.scope
            if parent is not None:
                parent.node.try_remove_child(node.node.id)
