"""Consent: purposes, the ledger and its evidence, public pages, and the marketers' routes."""

from __future__ import annotations

from aws_cdk import aws_events as events
from constructs import Construct

from infra.constructs.anchors import Anchors
from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack, pattern_of
from infra.environment import Environment
from infra.public_routes import PREFERENCE_ROUTES, PUBLIC_ROUTES
from infra.stacks.consent_replies import add_replies
from services.consent.domain.events import CONFIRMING, MAY_CHANGE_ADDRESS, RECOVERY_REQUESTED, TOLD
from services.shared.contracts.delivery import MessageSent
from services.shared.contracts.ingest import (
    FormSubmitted,
    ProfilesChanged,
    ProfilesErased,
    ProfilesMerged,
    RecoveryRequested,
)

REQUESTS_PER_IP = 200
"""A day. An office or a shop's tablet has many visitors behind one address; the limit per e-mail address is 3."""

REQUESTS_PER_DAY = 50_000
"""By everybody together, unless the context says otherwise (`-c opt_in_requests_per_day=…`): what one attacker with
many IP addresses and many victims could have us send."""

RECEIPT_ROUTES = ("GET /preferences/receipt", "HEAD /preferences/receipt")
ROUTES = (
    "GET /purposes",
    "PUT /purposes/{name}",
    "GET /brand",
    "PUT /brand",
    "POST /consents/lookups",
    "POST /consents/revocations",
    "POST /consents/soft-opt-ins",
    "POST /consents/imports",
    "GET /consents/imports/{import_id}",
    "POST /consents/objections",
    "GET /consents/{address_key}",
    "GET /consents/{address_key}/proof",
    "GET /consents/{address_key}/proof.html",
    "GET /consents/{address_key}/receipt",
    "GET /ledger/shards/{shard}",
)
AUDIT_ROUTES = (
    "GET /ledger/shards/{shard}/entries",
    "GET /ledger/entries",
    "GET /ledger/anchors",
    "GET /ledger/key",
)


class ConsentStack(ServiceStack):
    """Nothing here may delete or overwrite a ledger entry, except by a conditional put of the service itself."""

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(scope, service="consent", environment=environment)
        self._purposes = self.table("Purposes", partition_key="name")
        self._ledger = self.table("Ledger", partition_key="pk", sort_key="sk", stream=True)
        self._evidence = self.table("Evidence", partition_key="pk", ttl="expires_at")
        self._anchors = Anchors(self, self._ledger)
        self._reminders = self.table("Reminders", partition_key="day", sort_key="request", ttl="expires_at")
        self._public()
        self._preferences()
        self._forms()
        self._address_changes()
        self._recovery()
        add_replies(self, purposes=self._purposes, ledger=self._ledger, evidence=self._evidence)
        self._marketers()
        self._audit()
        self._outbox()
        self._mailed()
        self._lapses()
        self._person()

    def _public(self) -> None:
        function = self.function(
            "Public",
            handler="public",
            settings={**self._asking(), "token_secret_arn": self.token_secret.secret_arn},
        )
        self._let_ask(function)
        self._evidence.grant(function, "dynamodb:BatchGetItem")
        self.token_secret.grant_read(function)
        self.routes(function, PUBLIC_ROUTES, public=True)

    def _preferences(self) -> None:
        function = self.function(
            "Preferences",
            handler="preferences",
            settings={
                **self._asking(),
                "token_secret_arn": self.token_secret.secret_arn,
                "public_url": self.api_url,
                "bus_name": self.bus_name,
                **self.halte.controller.settings(self.region),
            },
        )
        self._let_ask(function)
        self._purposes.grant(function, "dynamodb:Scan")
        self._ledger.grant(function, "dynamodb:Query", "dynamodb:BatchGetItem")
        self.token_secret.grant_read(function)
        self.allow_publishing(function)
        self.routes(function, (*PREFERENCE_ROUTES, *RECEIPT_ROUTES), public=True)

    def _forms(self) -> None:
        function = self.function("OnFormSubmitted", handler="on_form_submitted", settings=self._asking())
        self._let_ask(function)
        self.react(function, facts=[FormSubmitted], batch_size=10)

    def _address_changes(self) -> None:
        function = self.function(
            "OnProfilesChanged",
            handler="on_profiles_changed",
            settings={**self._asking(), "bus_name": self.bus_name},
        )
        self._let_ask(function)
        self._ledger.grant(function, "dynamodb:Query")
        self._evidence.grant(function, "dynamodb:DeleteItem")
        self.allow_publishing(function)
        queue = self.queue("OnProfilesChangedQueue")
        changing = events.EventPattern(
            source=[ProfilesChanged.source],
            detail_type=[ProfilesChanged.detail_type],
            detail={"changes": {"events": {"name": [*MAY_CHANGE_ADDRESS, *TOLD]}}},
        )
        self.subscribe("AddressChanges", queue, changing)
        self.subscribe("Erasures", queue, pattern_of(ProfilesErased))
        self.subscribe("Merges", queue, pattern_of(ProfilesMerged))
        self.consume(function, queue, batch_size=20)

    def _recovery(self) -> None:
        """Clients' own event from the bus: whoever may put events there is trusted with the link. And ingest's word
        that one came by the HTTP door with a secret key."""
        function = self.function(
            "OnRecoveryRequested",
            handler="on_recovery_requested",
            settings={
                "evidence_table": self._evidence.table_name,
                "address_secret_arn": self.address_secret.secret_arn,
                "bus_name": self.bus_name,
            },
        )
        self._evidence.grant(function, "dynamodb:UpdateItem")
        self.address_secret.grant_read(function)
        self.allow_publishing(function)
        queue = self.queue("RecoveryQueue")
        pattern = events.EventPattern(
            source=events.Match.anything_but_prefix("halte."),
            detail={"type": ["track"], "event": [RECOVERY_REQUESTED]},
        )
        self.subscribe("RecoveryRequested", queue, pattern)
        self.subscribe("RecoveryByHttp", queue, pattern_of(RecoveryRequested))
        self.consume(function, queue, batch_size=10)

    def _asking(self) -> dict[str, str]:
        everyone_is_local = 1_000_000  # at the local stage all visitors share one address
        limit = everyone_is_local if self.halte.is_local else REQUESTS_PER_IP
        fixed = everyone_is_local if self.halte.is_local else REQUESTS_PER_DAY
        per_day = self.node.try_get_context("opt_in_requests_per_day") or fixed
        return {
            **self._tables(),
            "address_secret_arn": self.address_secret.secret_arn,
            "requests_per_ip": str(limit),
            "requests_per_day": str(per_day),
        }

    def _let_ask(self, function: ServiceFunction) -> None:
        self._purposes.grant(function, "dynamodb:GetItem")
        self._ledger.grant(function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem")
        self._evidence.grant(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
        self.address_secret.grant_read(function)

    def _marketers(self) -> None:
        function = self.function(
            "MarketersApi",
            handler="api",
            settings={
                **self._tables(),
                "anchors_table": self._anchors.index.table_name,
                "address_secret_arn": self.address_secret.secret_arn,
                "anchor_key_arn": self._anchors.key.key_arn,
                **self.halte.controller.settings(self.region),
            },
        )
        self._anchors.index.grant(function, "dynamodb:GetItem", "dynamodb:Query")
        self._anchors.key.grant(function, "kms:GetPublicKey")
        self._purposes.grant(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan")
        self._ledger.grant(
            function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem"
        )
        self._evidence.grant(function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem")
        self.address_secret.grant_read(function)
        self.routes(function, ROUTES)

    def _audit(self) -> None:
        """What checks the ledger may read it and ask for the public key, and nothing else."""
        function = self.function(
            "Audit",
            handler="audit",
            settings={
                "ledger_table": self._ledger.table_name,
                "anchors_table": self._anchors.index.table_name,
                "anchor_key_arn": self._anchors.key.key_arn,
            },
        )
        self._ledger.grant(function, "dynamodb:GetItem", "dynamodb:Query")
        self._anchors.index.grant(function, "dynamodb:GetItem", "dynamodb:Query")
        self._anchors.key.grant(function, "kms:GetPublicKey")
        self.routes(function, AUDIT_ROUTES)

    def _outbox(self) -> None:
        settings = {
            **self._tables(),
            "reminders_table": self._reminders.table_name,
            "address_secret_arn": self.address_secret.secret_arn,
            "token_secret_arn": self.token_secret.secret_arn,
            "public_url": self.api_url,
        }
        publisher = self.publisher(
            "OnLedgerStream", handler="on_ledger_stream", table=self._ledger, settings=settings
        )
        self._reminders.grant(publisher, "dynamodb:PutItem")
        self._ledger.grant(publisher, "dynamodb:GetItem")
        remind = self.function(
            "Remind",
            handler="remind",
            settings={**settings, "bus_name": self.bus_name},
            timeout_seconds=300,
        )
        self.allow_publishing(remind)
        self._reminders.grant(remind, "dynamodb:Query", "dynamodb:DeleteItem")
        self._ledger.grant(remind, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")
        self.schedule(remind, "rate(1 day)" if self.halte.is_local else "rate(1 hour)")
        for function in (publisher, remind):
            self._purposes.grant(function, "dynamodb:GetItem")
            self._evidence.grant(function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem")
            self.address_secret.grant_read(function)
            self.token_secret.grant_read(function)

    def _mailed(self) -> None:
        """Delivery's word that a message left which asks for a confirmation; the others pass by."""
        settings = {"ledger_table": self._ledger.table_name, "evidence_table": self._evidence.table_name}
        function = self.function("OnMessageSent", handler="on_message_sent", settings=settings)
        self._ledger.grant(function, "dynamodb:GetItem", "dynamodb:PutItem")
        self._evidence.grant(function, "dynamodb:GetItem", "dynamodb:PutItem")
        queue = self.queue("OnMessageSentQueue")
        asking = events.EventPattern(
            source=[MessageSent.source],
            detail_type=[MessageSent.detail_type],
            detail={"messages": {"template": list(CONFIRMING)}},
        )
        self.subscribe("ConfirmationsSent", queue, asking)
        self.consume(function, queue, batch_size=10)

    def _lapses(self) -> None:
        settings = {
            "ledger_table": self._ledger.table_name,
            "evidence_table": self._evidence.table_name,
        }
        function = self.function("Lapses", handler="lapses", settings=settings, timeout_seconds=300)
        self._ledger.grant(function, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem")
        self._evidence.grant(function, "dynamodb:GetItem", "dynamodb:PutItem")
        self.schedule(function, "rate(1 hour)")

    def _person(self) -> None:
        function = self.person(
            settings={
                **self._tables(),
                "anchors_table": self._anchors.index.table_name,
                "address_secret_arn": self.address_secret.secret_arn,
            }
        )
        self._anchors.index.grant(function, "dynamodb:GetItem", "dynamodb:Query")
        self._purposes.grant(function, "dynamodb:GetItem")
        self._ledger.grant(
            function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem"
        )
        self._evidence.grant(
            function, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"
        )
        self.address_secret.grant_read(function)

    def _tables(self) -> dict[str, str]:
        return {
            "purposes_table": self._purposes.table_name,
            "ledger_table": self._ledger.table_name,
            "evidence_table": self._evidence.table_name,
        }
