"""The stack of ingest."""

from __future__ import annotations

from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.event_lake import add_figures, keep_lake
from infra.constructs.imports import Stores, add_imports
from infra.constructs.service_stack import ServiceStack, pattern_of
from infra.environment import Environment
from infra.stacks.ingest_attributes import add_attributes
from infra.stacks.ingest_firms import add_firms, firms_table, let_hear
from infra.stacks.ingest_forms import add_forms
from infra.stacks.ingest_people import People
from infra.stacks.ingest_sinks import add_sinks, sinks_table
from services.ingest.domain.lake import RAW
from services.shared.contracts.consent import PreferencesChanged
from services.shared.contracts.delivery import OutcomesObserved
from services.shared.contracts.journeys import ProfileUpdateRequested
from services.shared.contracts.loyalty import LoyaltyBalanceChanged

CONSUMER_SECONDS = 60


class IngestStack(ServiceStack):
    """Both front doors fill one queue; its consumer owns identities and profiles, whose stream tells the others."""

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(scope, service="ingest", environment=environment)
        self._sources = self.table("Sources", partition_key="pk")
        # Apart from the keys, which the public door may read and never write.
        self._rates = self.table("SourceRates", partition_key="source_id")
        self._identities = self.table("Identities", partition_key="pk")
        self._profiles = self.table("Profiles", partition_key="profile_id", stream=True)
        self._parts = self.table("ProfileParts", partition_key="profile_id", sort_key="part")
        self._imports = self.table("Imports", partition_key="job_id")
        self._erasures = self.table("Erasures", partition_key="pk")
        self._attributes = add_attributes(self)
        self._firms = firms_table(self)
        self._sinks = sinks_table(self)
        self._intake = self.queue("Intake", timeout_seconds=CONSUMER_SECONDS)
        self._listen()
        self._front_door()
        self._registry()
        self._identity_routes()
        self._consumer()
        self._publisher()
        stores = Stores(
            jobs=self._imports,
            sources=self._sources,
            attributes=self._attributes,
            identities=self._identities,
            profiles=self._profiles,
            profile_parts=self._parts,
            intake=self._intake,
        )
        compact = keep_lake(self, self._profiles)
        add_figures(self, compact)
        self._let_rearrange(add_imports(self, stores, compact=compact))
        self._people = People(
            self,
            identities=self._identities,
            profiles=self._profiles,
            parts=self._parts,
            erasures=self._erasures,
            firms=self._firms,
            compact=compact,
        )
        add_sinks(self, self._sinks)
        add_forms(self, self._intake)
        add_firms(self, self._firms, self._intake)

    def _listen(self) -> None:
        self.subscribe(
            "CustomerEvents",
            self._intake,
            events.EventPattern(source=events.Match.anything_but_prefix("halte.")),
        )
        self.subscribe("Outcomes", self._intake, pattern_of(OutcomesObserved))
        self.subscribe("ProfileUpdates", self._intake, pattern_of(ProfileUpdateRequested))
        self.subscribe("Preferences", self._intake, pattern_of(PreferencesChanged))
        self.subscribe("Loyalty", self._intake, pattern_of(LoyaltyBalanceChanged))

    def _front_door(self) -> None:
        function = self.function(
            "FrontDoor",
            handler="api",
            settings={
                "sources_table": self._sources.table_name,
                "rates_table": self._rates.table_name,
                "attributes_table": self._attributes.table_name,
                "queue_url": self._intake.queue_url,
                "bus_name": self.bus_name,
            },
        )
        self.allow_publishing(function)
        self._sources.grant(function, "dynamodb:GetItem")
        self._attributes.grant(function, "dynamodb:GetItem")
        self._rates.grant(function, "dynamodb:PutItem", "dynamodb:UpdateItem")
        self._intake.grant(function, "sqs:SendMessage")
        calls = ("identify", "track", "page", "screen", "group", "alias", "batch")
        segment = [f"POST /v1/{call}" for call in (*calls, *"itpsgab")]
        jitsu = [f"POST /api/s/{call}" for call in ("identify", "track", "page", "group")]
        self.routes(function, [*segment, *jitsu], public=True)

    def _registry(self) -> None:
        function = self.function(
            "SourceRegistry", handler="sources", settings={"sources_table": self._sources.table_name}
        )
        self._sources.grant(
            function, "dynamodb:GetItem", "dynamodb:Scan", "dynamodb:PutItem", "dynamodb:DeleteItem"
        )
        self.routes(
            function,
            [
                "GET /sources",
                "GET /sources/{source_id}",
                "PUT /sources/{source_id}",
                "DELETE /sources/{source_id}",
                "POST /sources/{source_id}/keys/rotate",
                "POST /sources/{source_id}/mapping/dry-run",
            ],
        )

    def _identity_routes(self) -> None:
        function = self.function(
            "Identity",
            handler="identities",
            settings={
                "identities_table": self._identities.table_name,
                "profiles_table": self._profiles.table_name,
                "profile_parts_table": self._parts.table_name,
            },
            memory=1792,  # a whole CPU, for the seconds in which a long history is told anew
        )
        self._let_rearrange(function)
        self.routes(
            function,
            [
                "GET /profiles/{profile_id}/identity",
                "POST /profiles/{profile_id}/merges",
                "POST /profiles/{profile_id}/splits",
            ],
        )

    def _let_rearrange(self, function: lambda_.Function) -> None:
        """Whoever changes the graph changes profiles with it, and tells histories anew."""
        self._identities.grant(function, "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:DeleteItem")
        self._profiles.grant(function, "dynamodb:BatchGetItem", "dynamodb:PutItem")
        self._parts.grant(
            function,
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
        )

    def _consumer(self) -> None:
        function = self.function(
            "OnEvents",
            handler="on_events",
            settings={
                "sources_table": self._sources.table_name,
                "sinks_table": self._sinks.table_name,
                "attributes_table": self._attributes.table_name,
                "identities_table": self._identities.table_name,
                "profiles_table": self._profiles.table_name,
                "profile_parts_table": self._parts.table_name,
                "imports_table": self._imports.table_name,
                "erasures_table": self._erasures.table_name,
                "address_secret_arn": self.address_secret.secret_arn,
                "lake_bucket": self.lake_bucket_name,
                "queue_url": self._intake.queue_url,
            },
            memory=1024,
            timeout_seconds=CONSUMER_SECONDS,
        )
        self._intake.grant(function, "sqs:ChangeMessageVisibility", "sqs:SendMessage")
        self._erasures.grant(function, "dynamodb:BatchGetItem")
        self.address_secret.grant_read(function)
        self._let_rearrange(function)
        self._sources.grant(function, "dynamodb:GetItem")
        self._imports.grant(function, "dynamodb:GetItem")
        self._sinks.grant(function, "dynamodb:Scan")
        self._attributes.grant(function, "dynamodb:GetItem", "dynamodb:UpdateItem")
        self._let_write_lake(function)
        self.consume(function, self._intake, batch_size=100, max_concurrency=10)
        function.let_go_in_rounds()

    def _publisher(self) -> None:
        """It has minutes, because after a merge it tells a whole history."""
        function = self.publisher(
            "OnProfilesStream",
            handler="on_profiles_stream",
            table=self._profiles,
            settings={
                "profiles_table": self._profiles.table_name,
                "profile_parts_table": self._parts.table_name,
                "lake_bucket": self.lake_bucket_name,
                "erasures_table": self._erasures.table_name,
                "address_secret_arn": self.address_secret.secret_arn,
                "firms_table": self._firms.table_name,
            },
            timeout_seconds=300,
        )
        let_hear(self._firms, function)
        self._let_write_lake(function)
        self._erasures.grant(function, "dynamodb:BatchGetItem")
        self.address_secret.grant_read(function)
        self._profiles.grant(function, "dynamodb:BatchGetItem")
        self._parts.grant(
            function,
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:Query",
        )

    def _let_write_lake(self, function: lambda_.Function) -> None:
        why = "Objects are named by day and receipts, under one prefix of the lake."
        self.allow_objects(function, ["s3:PutObject"], [RAW], why=why)
