"""What the answer of a webhook's receiver means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.ingest.domain.circuit import Answer, Delivered, Failed, Gone
from services.shared.net import guarded_https
from services.shared.net.guarded_https import NoReply


class GuardedHttps:
    """One POST, made by `services.shared.net.guarded_https`, which has the same arguments."""

    def __init__(self, **guard: Any) -> None:
        self._https = guarded_https.GuardedHttps(**guard)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send `body`; whatever happens is an answer."""
        reply = self._https.post(url, body, headers)
        if isinstance(reply, NoReply):
            return Failed(reply.error)
        if 200 <= reply.status < 300:
            return Delivered()
        if reply.status == 410:
            return Gone()
        return Failed("redirect" if 300 <= reply.status < 400 else f"http_{reply.status}")
