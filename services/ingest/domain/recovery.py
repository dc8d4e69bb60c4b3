"""Account recovery by the HTTP door: the same track event that consent reads on the bus."""

from __future__ import annotations

from services.ingest.domain.validate import Call
from services.shared.contracts.ingest import Recovery

REQUESTED = "Account Recovery Requested"


def recovery_of(source: str, call: Call) -> Recovery | None:
    """The request for a way back into an account that a trusted source's call is; none unless it says where to write
    and what link to send."""
    if call.type != "track" or call.name != REQUESTED:
        return None
    email, url = call.properties.get("email"), call.properties.get("recovery_url")
    if not isinstance(email, str) or not isinstance(url, str):
        return None
    return Recovery(source=source, message_id=call.message_id, at=call.at, email=email, recovery_url=url)
