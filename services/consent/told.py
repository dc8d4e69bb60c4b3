"""What people tell through their own events: a wish for a permission, or that they want no marketing any more."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from services.consent.asking import Asking
from services.consent.domain.asks import Ask
from services.consent.domain.contact import reachable
from services.consent.domain.events import CONSENT_REQUESTED, MARKETING_OBJECTED
from services.consent.domain.evidence import Evidence, Origin
from services.consent.objections import Objections
from services.shared.addresses import address_key
from services.shared.clock import Clock
from services.shared.contracts.ingest import CustomerEvent, ProfileChange
from services.shared.errors import Invalid
from services.shared.ids import stable_id

FRESH = timedelta(days=1)
"""An older wish is history that is imported or told again: nobody waits for its message."""

_TRAITS = {"email": "email", "sms": "phone"}


class Told:
    """The use case. The address is the profile's own, never one that an event names; a wish is only asked back, so any
    page may send it."""

    def __init__(self, *, asking: Asking, objections: Objections, address_secret: str, clock: Clock) -> None:
        self._asking = asking
        self._objections = objections
        self._address_secret = address_secret
        self._clock = clock

    def note(self, change: ProfileChange) -> Counter[str]:
        """Take a change of a profile; counts of what it led to. Told again, it leads to nothing new.

        Raises:
            Busy: too many writers on an address's shard.
        """
        counts: Counter[str] = Counter()
        for event in change.events:
            if event.type != "track":
                continue
            if event.name == CONSENT_REQUESTED and not change.told_before:
                counts[self._wish(change, event)] += 1
            elif event.name == MARKETING_OBJECTED:
                counts["objected"] += self._object(change, event)
        return counts

    def _wish(self, change: ProfileChange, event: CustomerEvent) -> str:
        if self._clock.now() - event.at > FRESH:
            return "stale"
        said: dict[str, Any] = {"channel": "email", "form": "event", **event.properties}
        said["address"] = change.traits.get(_TRAITS.get(str(said["channel"]), ""))
        said["profile_ref"] = change.profile_id
        try:
            ask = Ask.model_validate(said)
            request_id = stable_id("req", "event", event.message_id, ask.purpose, ask.channel)
            return self._asking.request(
                ask,
                Origin("", "", str(change.traits.get("locale", ""))),
                request_id=request_id,
                means="event",
            )
        except (ValidationError, Invalid):
            return "refused"

    def _object(self, change: ProfileChange, event: CustomerEvent) -> int:
        """At every address of the person; also after a merge told it again, for those of both."""
        reached = 0
        for channel, trait in _TRAITS.items():
            try:
                address = reachable(channel, str(change.traits.get(trait, "")))
            except Invalid:
                continue
            self._objections.record(
                address_key(self._address_secret, channel, address),
                channel,
                Evidence(address, "", "", "", profile_ref=change.profile_id, reason=MARKETING_OBJECTED),
                means="event",
                cause=f"event:{event.message_id}",
            )
            reached += 1
        return reached
