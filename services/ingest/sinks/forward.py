"""From what happened to profiles to one delivery per sink and portion, so that no sink waits for another."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.ingest.domain.asked import Asked
from services.ingest.domain.sinks import (
    FORWARDED,
    ROWS,
    Sink,
    portions,
    shown_change,
    watched,
)
from services.ingest.sinks.ports import AskedFor, DeliveryQueue, Forwarding, Sinks, Told
from services.shared.clock import Clock, to_iso
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import ProfileChange, ProfilesChanged, ProfilesErased
from services.shared.contracts.journeys import SinkCall, SinkCallRequested
from services.shared.ids import keyed_hash

REGISTRY_SECONDS = 30
"""How long a process trusts the registry it has read; a new sink hears of changes after that at the latest."""


class KnownSinks:
    """The registry, remembered for `REGISTRY_SECONDS`."""

    def __init__(self, sinks: Sinks, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._sinks = sinks
        self._elapsed = elapsed
        self._kept: tuple[float, dict[str, Sink]] | None = None

    def enabled(self) -> dict[str, Sink]:
        """Those that want to be told, by id."""
        if self._kept is None or self._elapsed() - self._kept[0] >= REGISTRY_SECONDS:
            sinks, healths = self._sinks.overview()
            disabled = {sink_id for sink_id, health in healths.items() if health.state == "disabled"}
            enabled = {i: sink for i, sink in sinks.items() if i not in disabled}
            self._kept = (self._elapsed(), enabled)
        return self._kept[1]


class KnownAsked:
    """What is asked for, remembered for `REGISTRY_SECONDS`."""

    def __init__(self, asked_for: AskedFor, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._asked_for = asked_for
        self._elapsed = elapsed
        self._kept: tuple[float, Asked] | None = None

    def __call__(self) -> Asked:
        kept = self._kept
        if kept is None or not kept[1].is_told or self._elapsed() - kept[0] >= REGISTRY_SECONDS:
            self._kept = kept = (self._elapsed(), self._asked_for.asked())
        return kept[1]


class Forward:
    """The use case; repeating it repeats deliveries under the same ids."""

    def __init__(
        self,
        *,
        sinks: KnownSinks,
        forwarding: Forwarding,
        queue: DeliveryQueue,
        master_secret: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._sinks = sinks
        self._forwarding = forwarding
        self._queue = queue
        self._master_secret = master_secret
        self._clock = clock

    def forward(self, cause: str, detail_type: str, detail: Mapping[str, Any]) -> int:
        """Queue what a fact on the bus (its event id is `cause`) means for each sink; how many deliveries that is.

        Raises:
            pydantic.ValidationError: the detail is not in its contract's form.
        """
        sinks = self._sinks.enabled()
        if not sinks and detail_type != ProfilesErased.detail_type:
            return 0  # the usual case costs no parsing
        fact = FORWARDED[detail_type].model_validate(detail)
        if isinstance(fact, ProfilesErased):
            gone = [profile for erasure in fact.erasures for profile in erasure.profile_ids]
            self._forwarding.erase(gone, self._clock.now())
        if isinstance(fact, ProfilesChanged):
            return self._changes(cause, sinks, fact.changes)
        if isinstance(fact, SinkCallRequested):
            return self._calls(cause, sinks, fact.calls)
        return sum(self._send(sink, cause, detail_type, _rows(fact)) for sink in sinks)

    def _calls(self, cause: str, sinks: Mapping[str, Sink], calls: Sequence[SinkCall]) -> int:
        """What journeys tell goes to the sink that each names, and to none if there is no such sink."""
        erased = self._forwarding.erased({call.profile_id for call in calls})
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for call in calls:
            if call.sink in sinks and call.profile_id not in erased:
                rows[call.sink].append(call.model_dump(mode="json"))
        return sum(self._send(s, cause, SinkCallRequested.detail_type, said) for s, said in rows.items())

    def _changes(self, cause: str, sinks: Mapping[str, Sink], changes: Sequence[ProfileChange]) -> int:
        erased = self._forwarding.erased({change.profile_id for change in changes})
        changes = [change for change in changes if change.profile_id not in erased]
        watchers = [i for i, sink in sinks.items() if sink.document.filter.changes_of is not None]
        told = self._forwarding.told(watchers, {change.profile_id for change in changes}) if watchers else {}
        count = 0
        for sink_id, sink in sinks.items():
            known = {profile: one for (watcher, profile), one in told.items() if watcher == sink_id}
            count += self._changes_for(cause, sink, changes, known)
        return count

    def _changes_for(
        self, cause: str, sink: Sink, changes: Sequence[ProfileChange], known: dict[str, Told]
    ) -> int:
        """Queued first and remembered then: a crash in between tells twice, never not at all."""
        rows = []
        news: dict[str, Told] = {}
        for change in changes:
            told = self._told_now(sink, change)
            before = known.get(change.profile_id)
            is_new = told is not None and (before is None or before.version < told.version)
            differs = (
                told is not None
                and is_new
                and told.digest != (before.digest if before else self._nothing(sink))
            )
            row = shown_change(sink, change, differs)
            if row is not None:
                rows.append(row)
            if told is not None and is_new:
                news[change.profile_id] = known[change.profile_id] = told
        sent = self._send(sink.sink_id, cause, ProfilesChanged.detail_type, rows)
        for profile_id, told in news.items():
            self._forwarding.tell(sink.sink_id, profile_id, told)
        return sent

    def _told_now(self, sink: Sink, change: ProfileChange) -> Told | None:
        text = watched(sink, change.traits)
        return None if text is None else Told(change.traits_version, self._digest(sink, text))

    def _nothing(self, sink: Sink) -> str:
        return self._digest(sink, watched(sink, {}) or "")

    def _digest(self, sink: Sink, text: str) -> str:
        return keyed_hash(self._master_secret(), f"told:{sink.sink_id}:{text}")

    def _send(self, sink_id: str, cause: str, fact: str, rows: Sequence[Mapping[str, Any]]) -> int:
        if not rows:
            return 0
        at = max(str(row.get("at", "")) for row in rows) or to_iso(self._clock.now())
        deliveries = list(portions(sink_id, cause, fact, at, rows))
        self._queue.send(deliveries)
        return len(deliveries)


def _rows(fact: Fact) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = fact.model_dump(mode="json")[ROWS[fact.detail_type]]
    return rows
