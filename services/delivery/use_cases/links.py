"""The link by which a person withdraws the permission that a message relied on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.delivery.domain.message import Message
from services.delivery.ports import Secret
from services.shared.tokens import UNSUBSCRIBE, sign

UNSUBSCRIBE_VALID = timedelta(days=730)


@dataclass(frozen=True)
class Links:
    """Makes the unsubscribe link of a commercial message."""

    public_url: str
    secret: Secret

    def unsubscribe(self, message: Message, channel: str, key: str, now: datetime) -> str:
        """A link that works for two years: consent can be withdrawn as long as the message is around."""
        claims = {
            "purpose": message.purpose,
            "channel": channel,
            "address_key": key,
            "send_id": message.send_id,
        }
        token = sign(self.secret(), UNSUBSCRIBE, claims, now + UNSUBSCRIBE_VALID)
        return f"{self.public_url}/consents/unsubscribe?token={token}"
