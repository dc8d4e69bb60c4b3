"""What journeys need to hear of people, as scoring takes it in."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb

from infra.constructs.alarms import measured, raise_alarm
from infra.constructs.service_stack import ServiceStack
from services.shared.contracts.journeys import JourneyListens


def hear_journeys(stack: ServiceStack, definitions: dynamodb.Table) -> None:
    """Let the stack's service heed what journeys need, and say loudly what of it can't be heard."""
    function = stack.function(
        "OnListening", handler="on_listening", settings={"definitions_table": definitions.table_name}
    )
    definitions.grant(
        function, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:ConditionCheckItem"
    )
    stack.react(function, facts=[JourneyListens], batch_size=10, max_concurrency=2)
    raise_alarm(
        function,
        "Unheard",
        stack.alarms,
        measured(stack.service, "Unheard", "Sum", minutes=5),
        says="A journey waits for something of people that can't be heard: nobody will be let in by it.",
    )
