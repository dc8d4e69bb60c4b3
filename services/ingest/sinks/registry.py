"""Marketers' side of sinks: registering them, their secrets, and how they are doing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.ingest.domain.circuit import Health
from services.ingest.domain.sinks import (
    MAX_SINKS,
    EventBridgeSink,
    Sink,
    WebhookSink,
    check_id,
    read_document,
)
from services.ingest.sinks.ports import Sinks
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, Invalid, NotFound
from services.shared.net.destinations import read_url
from services.shared.net.signing import secret_of

MAX_OVERLAP_HOURS = 168
OVERLAP_HOURS = 24
ATTEMPTS = 5


class SinkRegistry:
    """`allowed_places` are webhook places (`host:port`) exempt from the guard, `allowed_buses` the ARNs of event buses
    this deployment may write to."""

    def __init__(
        self,
        *,
        sinks: Sinks,
        clock: Clock,
        master_secret: Callable[[], str],
        new_salt: Callable[[], str],
        allowed_places: Collection[str],
        allowed_buses: Collection[str],
    ) -> None:
        self._sinks = sinks
        self._clock = clock
        self._master_secret = master_secret
        self._new_salt = new_salt
        self._allowed_places = allowed_places
        self._allowed_buses = allowed_buses

    def put(self, sink_id: str, body: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
        """Create or change a sink: whether it is new, and what to answer. Only a creation tells a webhook's secret;
        a change makes a disabled or paused sink active again.

        Raises:
            Invalid: `bad_sink_id`, `unsafe_url`, `bus_not_allowed`, `too_many_sinks`.
            Conflict: `kind_immutable`, or `changed_meanwhile`.
            pydantic.ValidationError: the document breaks a rule.
        """
        document = read_document(body)
        self._check_target(document)
        stored = self._sinks.get(check_id(sink_id))
        if stored is None:
            return True, self._create(sink_id, document)
        if stored.document.kind != document.kind:
            raise Conflict("kind_immutable", "a sink's kind can't change; delete it, or use another id")
        self._save(replace(stored, document=document, revision=stored.revision + 1))
        self._reactivate(sink_id)
        return False, self.show(sink_id)

    def rotate(self, sink_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """A new secret for a webhook; the old one signs beside it for `overlap_hours`.

        Raises:
            NotFound: `unknown_sink`.
            Invalid: `no_secret`, `bad_overlap`.
            Conflict: `changed_meanwhile`.
        """
        hours = body.get("overlap_hours", OVERLAP_HOURS)
        if isinstance(hours, bool) or not isinstance(hours, int) or not 0 <= hours <= MAX_OVERLAP_HOURS:
            raise Invalid("bad_overlap", f"overlap_hours is not a whole number from 0 to {MAX_OVERLAP_HOURS}")
        stored = self._stored(sink_id)
        if stored.document.kind != "webhook":
            raise Invalid("no_secret", "only webhooks have a secret")
        until = self._clock.now() + timedelta(hours=hours)
        rotated = replace(
            stored,
            salt=self._new_salt(),
            previous_salt=stored.salt,
            previous_until=until,
            revision=stored.revision + 1,
        )
        self._save(rotated)
        return {"id": sink_id, "secret": self._secret(rotated), "previous_valid_until": to_iso(until)}

    def show(self, sink_id: str) -> dict[str, Any]:
        """A sink and how it is doing; never its secret.

        Raises:
            NotFound: `unknown_sink`.
        """
        return _shown(self._stored(sink_id), self._sinks.health(sink_id)[0])

    def all(self) -> dict[str, Any]:
        """`{"sinks": [...]}`, by id."""
        sinks, healths = self._sinks.overview()
        rows = [_shown(sink, healths.get(sink_id, Health())) for sink_id, sink in sorted(sinks.items())]
        return {"sinks": rows}

    def delete(self, sink_id: str) -> None:
        """Forget a sink; what waits for it is dropped.

        Raises:
            NotFound: `unknown_sink`.
        """
        if not self._sinks.remove(sink_id):
            raise NotFound("unknown_sink", "there is no sink of this id")

    def _create(self, sink_id: str, document: WebhookSink | EventBridgeSink) -> dict[str, Any]:
        if len(self._sinks.overview()[0]) >= MAX_SINKS:
            raise Invalid("too_many_sinks", f"there are {MAX_SINKS} sinks already")
        salt = self._new_salt() if document.kind == "webhook" else ""
        sink = Sink(sink_id, document, self._clock.now(), salt)
        self._save(sink)
        self._reactivate(sink_id)
        secret = {"secret": self._secret(sink)} if salt else {}
        return {**_shown(sink, Health()), **secret}

    def _check_target(self, document: WebhookSink | EventBridgeSink) -> None:
        if isinstance(document, WebhookSink):
            read_url(document.url, self._allowed_places)
        elif document.bus_arn not in self._allowed_buses:
            raise Invalid(
                "bus_not_allowed", "this deployment may not write to that bus; see its context sink_buses"
            )

    def _reactivate(self, sink_id: str) -> None:
        for _ in range(ATTEMPTS):
            health, revision = self._sinks.health(sink_id)
            fresh = replace(health, state="active", failures_in_a_row=0, pauses=0, paused_until=None)
            if fresh == health or self._sinks.note(sink_id, fresh, revision):
                return

    def _stored(self, sink_id: str) -> Sink:
        sink = self._sinks.get(sink_id)
        if sink is None:
            raise NotFound("unknown_sink", "there is no sink of this id")
        return sink

    def _save(self, sink: Sink) -> None:
        if not self._sinks.put(sink):
            raise Conflict("changed_meanwhile", "the sink was changed meanwhile; read it again")

    def _secret(self, sink: Sink) -> str:
        return secret_of(self._master_secret(), sink.sink_id, sink.salt)


def _shown(sink: Sink, health: Health) -> dict[str, Any]:
    moments = ("paused_until", "last_delivered_at", "last_failed_at")
    return {
        "id": sink.sink_id,
        **sink.document.model_dump(),
        "created_at": to_iso(sink.created_at),
        "health": {
            "state": health.state,
            "delivered": health.delivered,
            "failed": health.failed,
            "failures_in_a_row": health.failures_in_a_row,
            "last_error": health.last_error,
            **{name: to_iso(at) if (at := getattr(health, name)) else None for name in moments},
        },
    }
