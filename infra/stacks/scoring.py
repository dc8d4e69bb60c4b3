"""The stack of scoring."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.constructs.freshness import watch_freshness
from infra.constructs.service_stack import ServiceStack
from infra.environment import Environment
from services.shared.contracts.ingest import ProfilesChanged, ProfilesMerged
from services.shared.freshness import SEGMENT


class ScoringStack(ServiceStack):
    """Standings and definitions, and the functions around them."""

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(scope, service="scoring", environment=environment)
        standings = self.table("Standings", partition_key="profile_id", stream=True, ttl="expires_at")
        standings.add_global_secondary_index(
            index_name="due",
            partition_key=dynamodb.Attribute(name="due_shard", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="due_at", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        definitions = self.table("Definitions", partition_key="kind", sort_key="name")
        settings = {
            "standings_table": standings.table_name,
            "definitions_table": definitions.table_name,
        }

        self._reactors(standings, definitions, settings)
        self.publisher("OnStandingsStream", handler="on_standings_stream", table=standings, settings={})
        self._answers(standings, definitions, settings)
        watch_freshness(self, SEGMENT)

    def _reactors(
        self, standings: dynamodb.Table, definitions: dynamodb.Table, settings: Mapping[str, str]
    ) -> None:
        reactor = self.function("OnProfilesChanged", handler="on_profiles_changed", settings=settings)
        standings.grant(reactor, "dynamodb:BatchGetItem", "dynamodb:PutItem")
        definitions.grant(reactor, "dynamodb:GetItem", "dynamodb:Query")
        self.react(reactor, facts=[ProfilesChanged, ProfilesMerged])

        sweep = self.function("Sweep", handler="sweep", settings=settings, timeout_seconds=55)
        standings.grant(sweep, "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan")
        definitions.grant(
            sweep, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"
        )
        self.schedule(sweep, "rate(1 minute)")

    def _answers(
        self, standings: dynamodb.Table, definitions: dynamodb.Table, settings: Mapping[str, str]
    ) -> None:
        person = self.person(settings=settings)
        standings.grant(person, "dynamodb:BatchGetItem", "dynamodb:PutItem")
        definitions.grant(person, "dynamodb:GetItem", "dynamodb:Query")

        api = self.function("ApiFunction", handler="api", settings=settings)
        standings.grant(api, "dynamodb:BatchGetItem")
        definitions.grant(api, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem")
        self.routes(
            api,
            [
                "GET /segments",
                "GET /segments/{name}",
                "PUT /segments/{name}",
                "GET /score-models",
                "PUT /score-models/{name}",
                "GET /profiles/{profile_id}/standing",
            ],
        )
