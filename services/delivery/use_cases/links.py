"""The links by which a person withdraws the permission that a message relied on, and changes all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.delivery.domain.message import Message
from services.delivery.ports.channels import Secret
from services.shared.tokens import PREFERENCES, UNSUBSCRIBE, sign

UNSUBSCRIBE_VALID = timedelta(days=730)
PREFERENCES_VALID = timedelta(days=60)
"""Shorter, because it changes more than what a message's holder may end."""


@dataclass(frozen=True)
class Made:
    """The links of one message; a service message has none."""

    unsubscribe: str = ""
    preferences: str = ""

    def variables(self) -> dict[str, str]:
        """What templates know them by. A service message may have a `preferences_url` of its own as a parameter."""
        own = {"preferences_url": self.preferences} if self.preferences else {}
        return {"unsubscribe_url": self.unsubscribe, **own}


NO_LINKS = Made()


@dataclass(frozen=True)
class Links:
    """Makes the links of a commercial message."""

    public_url: str
    secret: Secret

    def of(self, message: Message, channel: str, keys: Mapping[str, str], now: datetime) -> Made:
        """The links of `message` as it is sent on `channel`; `keys` are the person's address keys by channel.

        Unsubscribing works for two years: consent can be withdrawn as long as the message is around.
        """
        stopped = {
            "purpose": message.purpose,
            "channel": channel,
            "address_key": keys[channel],
            "send_id": message.send_id,
        }
        changed = {"channel": channel, "send_id": message.send_id}
        changed |= {f"{name}_key": key for name, key in keys.items()}
        return Made(
            unsubscribe=self._link("consents/unsubscribe", UNSUBSCRIBE, stopped, now + UNSUBSCRIBE_VALID),
            preferences=self._link("preferences", PREFERENCES, changed, now + PREFERENCES_VALID),
        )

    def _link(self, path: str, use: str, claims: Mapping[str, str], until: datetime) -> str:
        return f"{self.public_url}/{path}?token={sign(self.secret(), use, claims, until)}"
