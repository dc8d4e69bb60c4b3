"""The CDK app: one environment, the platform stack, and one stack per service."""

from __future__ import annotations

from aws_cdk import App

from infra.environment import Environment
from infra.local_stage import leave_out_metadata
from infra.nag import check
from infra.stacks.consent import ConsentStack
from infra.stacks.delivery import DeliveryStack
from infra.stacks.ingest import IngestStack
from infra.stacks.journeys import JourneysStack
from infra.stacks.platform import PlatformStack
from infra.stacks.scoring import ScoringStack


def build(app: App) -> list[str]:
    """Add every stack of the environment that the app's context names; their names, platform first."""
    environment = Environment.from_context(app.node)
    if environment.is_local:
        leave_out_metadata(app.node)
    platform = PlatformStack(app, environment)
    asked = [stack(app, environment) for stack in (ScoringStack, JourneysStack, ConsentStack, DeliveryStack)]
    ingest = IngestStack(app, environment)
    for stack in asked:
        stack.add_stack_dependency(platform)
        ingest.add_stack_dependency(stack)  # it asks each about people, and discovers their functions
    stacks = [*asked, ingest]
    check(app, environment)
    return [platform.stack_name, *(stack.stack_name for stack in stacks)]


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
