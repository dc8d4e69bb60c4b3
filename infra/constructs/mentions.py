"""What listens to forums: its table, the webhook and the readers' routes, and the function that reads feeds."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb

from infra.constructs.service_stack import ServiceStack

ROUTES = ("POST /mentions", "GET /forums/{name}/sentiment", "GET /segments/{name}/sentiment")
WHEELS = "scoring-mentions"


def hear_mentions(stack: ServiceStack, definitions: dynamodb.Table, places: dynamodb.Table) -> None:
    """Add all of it. No function of it may read anything of a person but how many are in a segment."""
    mentions = stack.table("Mentions", partition_key="owner", sort_key="entry", ttl="expires_at")
    settings = {"definitions_table": definitions.table_name, "mentions_table": mentions.table_name}
    api = stack.function(
        "MentionsApi",
        handler="mentions",
        settings={**settings, "places_table": places.table_name},
        wheels=WHEELS,
    )
    feeds = stack.function("Feeds", handler="feeds", settings=settings, timeout_seconds=120, wheels=WHEELS)
    for function in (api, feeds):
        definitions.grant(function, "dynamodb:GetItem", "dynamodb:Query")
        mentions.grant(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
    mentions.grant(api, "dynamodb:Query")
    places.grant(api, "dynamodb:Query")
    stack.routes(api, ROUTES)
    stack.schedule(feeds, "rate(15 minutes)")
