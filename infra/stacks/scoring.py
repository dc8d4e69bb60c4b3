"""The stack of scoring."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.constructs.freshness import watch_freshness
from infra.constructs.listening import hear_journeys
from infra.constructs.mentions import hear_mentions
from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack
from infra.environment import Environment
from infra.stacks.scoring_loyalty import Loyalty
from services.shared.contracts.audience import audience_function
from services.shared.contracts.consent import ConsentChanged
from services.shared.contracts.given import definitions_function
from services.shared.contracts.history import history_function
from services.shared.contracts.ingest import ProfilesChanged, ProfilesMerged
from services.shared.freshness import SEGMENT

DEFINITIONS = (
    "segments",
    "score-models",
    "stages",
    "fit-models",
    "strategies",
    "trigger-tables",
    "forums",
    "margin-tables",
    "pitches",
)
"""The paths of the kinds of definitions."""

PLACING = ("segments", "stages", "fit-models", "strategies")
"""Those that place people."""


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
        definitions = self.table("Definitions", partition_key="kind", sort_key="name", stream=True)
        places = self.table("Places", partition_key="list", sort_key="entry", ttl="expires_at")
        self._consents = self.table("Consents", partition_key="address_key", sort_key="entry")
        settings = {
            "standings_table": standings.table_name,
            "definitions_table": definitions.table_name,
            "consents_table": self._consents.table_name,
        }

        self._loyalty = Loyalty(self, standings, self._consents)
        self._reactors(standings, definitions, settings)
        publisher = self.publisher(
            "OnStandingsStream",
            handler="on_standings_stream",
            table=standings,
            settings={"places_table": places.table_name},
        )
        places.grant(publisher, "dynamodb:BatchWriteItem")
        asking = self.publisher(
            "OnDefinitionsStream",
            handler="on_definitions_stream",
            table=definitions,
            settings={"definitions_table": definitions.table_name},
        )
        definitions.grant(asking, "dynamodb:GetItem", "dynamodb:Query")
        self._person(standings, definitions, settings)
        self._marketers(standings, definitions, places, settings)
        self._audience(standings, definitions, places, settings)
        self._telling(definitions)
        hear_mentions(self, definitions, places)
        hear_journeys(self, definitions)
        watch_freshness(self, SEGMENT)

    def _reactors(
        self, standings: dynamodb.Table, definitions: dynamodb.Table, settings: Mapping[str, str]
    ) -> None:
        asking = {**settings, "address_secret_arn": self.address_secret.secret_arn}
        history = history_function(self.halte.stage)
        reactor = self.function(
            "OnProfilesChanged",
            handler="on_profiles_changed",
            settings={**asking, **self._loyalty.settings, "history_function": history},
        )
        self.allow_asking(reactor, history_function(self.halte.stage))
        self._loyalty.let_keep(reactor)
        standings.grant(reactor, "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem")
        definitions.grant(reactor, "dynamodb:GetItem", "dynamodb:Query")
        self._let_link(reactor)
        self.react(reactor, facts=[ProfilesChanged, ProfilesMerged])

        permitting = self.function("OnConsentChanged", handler="on_consent_changed", settings=asking)
        standings.grant(permitting, "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem")
        definitions.grant(permitting, "dynamodb:GetItem", "dynamodb:Query")
        self._let_link(permitting)
        self._consents.grant(permitting, "dynamodb:UpdateItem", "dynamodb:Query")
        self.react(permitting, facts=[ConsentChanged], batch_size=20)

        sweep = self.function(
            "Sweep",
            handler="sweep",
            settings={**asking, **self._loyalty.settings, "history_function": history},
            timeout_seconds=55,
        )
        self._loyalty.let_sweep(sweep)
        self._let_link(sweep)
        self.allow_asking(sweep, history_function(self.halte.stage))
        standings.grant(
            sweep,
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:Scan",
        )
        definitions.grant(
            sweep, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"
        )
        self.schedule(sweep, "rate(1 minute)")

    def _let_link(self, function: ServiceFunction) -> None:
        """Write a standing together with who has which address, judged by what is permitted there."""
        self._consents.grant(
            function,
            "dynamodb:BatchGetItem",
            "dynamodb:PutItem",
            "dynamodb:DeleteItem",
            "dynamodb:ConditionCheckItem",
        )
        self.address_secret.grant_read(function)

    def _person(
        self, standings: dynamodb.Table, definitions: dynamodb.Table, settings: Mapping[str, str]
    ) -> None:
        person = self.person(settings={**settings, **self._loyalty.settings})
        self._loyalty.let_keep(person)
        self._consents.grant(person, "dynamodb:DeleteItem")
        standings.grant(person, "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem")
        definitions.grant(person, "dynamodb:GetItem", "dynamodb:Query")

    def _telling(self, definitions: dynamodb.Table) -> None:
        function = self.function(
            "DefinitionsTold",
            handler="definitions",
            settings={"definitions_table": definitions.table_name},
            name=definitions_function(self.halte.stage),
        )
        definitions.grant(function, "dynamodb:GetItem", "dynamodb:Query")

    def _audience(
        self,
        standings: dynamodb.Table,
        definitions: dynamodb.Table,
        places: dynamodb.Table,
        settings: Mapping[str, str],
    ) -> None:
        function = self.function(
            "Audience",
            handler="audience",
            settings={**settings, "places_table": places.table_name},
            name=audience_function(self.halte.stage),
        )
        standings.grant(function, "dynamodb:BatchGetItem")
        definitions.grant(function, "dynamodb:GetItem", "dynamodb:Query")
        places.grant(function, "dynamodb:Query")

    def _marketers(
        self,
        standings: dynamodb.Table,
        definitions: dynamodb.Table,
        places: dynamodb.Table,
        settings: Mapping[str, str],
    ) -> None:
        api = self.function(
            "ApiFunction",
            handler="api",
            settings={
                **settings,
                "address_secret_arn": self.address_secret.secret_arn,
                "places_table": places.table_name,
                "history_function": history_function(self.halte.stage),
            },
        )
        self.allow_asking(api, history_function(self.halte.stage))
        standings.grant(
            api,
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Scan",
            "dynamodb:DescribeTable",
        )
        places.grant(api, "dynamodb:Query")
        self._consents.grant(api, "dynamodb:BatchGetItem", "dynamodb:DeleteItem")
        self.address_secret.grant_read(api)
        definitions.grant(
            api, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"
        )
        self.routes(
            api,
            [
                *(route for path in DEFINITIONS for route in _definition_routes(path)),
                *(route for path in PLACING for route in _place_routes(path)),
                "POST /segments/{name}/members",
                "PUT /segments/{name}/members",
                "POST /segments/{name}/preview",
                "GET /backfill",
                "GET /segments/library",
                "POST /segments/library/{name}",
                "GET /profiles/{profile_id}/standing",
                "GET /profiles/{profile_id}/offers",
                "GET /profiles/{profile_id}/next-best",
                "POST /profiles/{profile_id}/stages/{name}",
            ],
        )


def _definition_routes(path: str) -> list[str]:
    one = f"/{path}/{{name}}"
    return [
        f"GET /{path}",
        *(f"{method} {one}" for method in ("GET", "PUT", "DELETE")),
        f"GET {one}/revisions",
        f"POST {one}/validate",
    ]


def _place_routes(path: str) -> list[str]:
    return [f"GET /{path}/{{name}}/{what}" for what in ("members", "counts", "moves")]
