"""Signed requests to receivers that the marketer named, out into the internet and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from services.delivery.domain.channel_terms import NO_RECEIVER
from services.delivery.domain.protocol import Answer, Refused, Retry, Sent, Unknown
from services.delivery.ports.channels import TermsStore
from services.shared.clock import Clock, to_iso
from services.shared.net.guarded_https import GuardedHttps, NoReply
from services.shared.net.signing import secret_of, signed_headers

USER_AGENT = "Halte-Webhooks/1"

_NEVER_LEFT = frozenset({"unsafe_url", "unresolvable_host", "blocked_address"})
_LATER = frozenset({408, 425, 429})


class SignedWebhook:
    """`ports.Receiver`: signed as Standard Webhooks are, one request each."""

    def __init__(
        self, https: GuardedHttps, terms: TermsStore, master_secret: Callable[[], str], clock: Clock
    ) -> None:
        self._https = https
        self._terms = terms
        self._master_secret = master_secret
        self._clock = clock

    def tell(self, channel: str, message_id: str, body: Mapping[str, Any]) -> Answer:
        url = self._terms.stored().receiver(channel)
        if not url:
            return Refused(NO_RECEIVER)
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        now = self._clock.now()
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            **signed_headers(self._secrets(channel), message_id, int(now.timestamp()), content),
        }
        reply = self._https.post(url, content, headers)
        if isinstance(reply, NoReply):
            return Retry("unreachable") if reply.error in _NEVER_LEFT else Unknown(reply.error)
        if 200 <= reply.status < 300:
            return Sent(message_id)
        if reply.status in _LATER:
            return Retry(f"http_{reply.status}")
        if 300 <= reply.status < 500:
            return Refused(f"http_{reply.status}")
        return Unknown(f"http_{reply.status}")

    def _secrets(self, channel: str) -> list[str]:
        number, until = self._terms.generation(channel)
        numbers = [number, number - 1] if to_iso(self._clock.now()) < until else [number]
        return [secret(self._master_secret(), channel, one) for one in numbers]


def secret(master: str, channel: str, number: int) -> str:
    """The secret by which the receiver of a channel knows us."""
    return secret_of(master, f"channel:{channel}", str(number))
