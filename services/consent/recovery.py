"""Account recovery: a trusted system asks for a service message with a link of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.consent.domain.contact import reachable
from services.consent.ports import EvidenceStore, FactBus
from services.shared.addresses import address_key
from services.shared.clock import Clock
from services.shared.contracts.base import Instant
from services.shared.contracts.consent import NoticeRequested
from services.shared.contracts.ingest import Recovery as Told
from services.shared.contracts.messages import AddressedRequest
from services.shared.ids import stable_id

TEMPLATE = "account_recovery"
PER_HOUR = 5
"""Messages one address gets in an hour, whoever asks."""

FRESH = timedelta(hours=1)
"""An older request has been repeated by its person, or its link has expired."""

Outcome = Literal["requested", "stale", "limited"]


class Properties(BaseModel):
    """What the event must say: where to write, and the link to send."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    email: Annotated[str, Field(min_length=3, max_length=320)]
    recovery_url: Annotated[str, Field(pattern=r"^https://[\x21-\x7e]{4,1500}$")]


class RecoveryRequest(BaseModel):
    """`Account Recovery Requested` as a Segment track message."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    message_id: Annotated[str, Field(alias="messageId", max_length=100)] = ""
    timestamp: Instant | None = None
    properties: Properties


class Recovery:
    """The use case: at most one message per request, and few per address."""

    def __init__(self, *, counters: EvidenceStore, bus: FactBus, address_secret: str, clock: Clock) -> None:
        self._counters = counters
        self._bus = bus
        self._address_secret = address_secret
        self._clock = clock

    def request(self, source: str, event_id: str, detail: Mapping[str, Any]) -> Outcome:
        """Ask for the message. A repetition has the same send id.

        Raises:
            pydantic.ValidationError: the event lacks what it must say.
            Invalid: `invalid_address`.
            NotPublished: the bus refused; repeat.
        """
        wanted = RecoveryRequest.model_validate(detail)
        return self._request(source, wanted.message_id or event_id, wanted.timestamp, wanted.properties)

    def told(self, told: Told) -> Outcome:
        """The same for a request that came by the HTTP door.

        Raises: as `request`.
        """
        properties = Properties(email=told.email, recovery_url=told.recovery_url)
        return self._request(told.source, told.message_id, told.at, properties)

    def _request(self, source: str, request_id: str, at: datetime | None, said: Properties) -> Outcome:
        now = self._clock.now()
        if at is not None and now - at > FRESH:
            return "stale"
        address = reachable("email", said.email)
        key = address_key(self._address_secret, "email", address)
        if not self._counters.admit(f"recovery:{key}#{now:%Y-%m-%dT%H}", PER_HOUR, now + timedelta(days=1)):
            return "limited"
        request = AddressedRequest(
            send_id=stable_id("snd", TEMPLATE, source, request_id),
            template=TEMPLATE,
            channels=["email"],
            requested_at=now,
            address=address,
            params={"recovery_url": said.recovery_url},
        )
        self._bus.publish([NoticeRequested(requests=[request])])
        return "requested"
