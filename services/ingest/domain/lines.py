"""Events as the lines of the lake hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.ingest.domain.arrival import Arrival, Origin
from services.ingest.domain.attributes import withheld_in
from services.ingest.domain.identifiers import Identifier
from services.shared.clock import from_iso
from services.shared.errors import HalteError


def arrival_of(line: Mapping[str, Any]) -> Arrival:
    """The event as it was accepted."""
    trusted = bool(line.get("trusted", line["door"] != "http"))
    origin = Origin(
        str(line["source"]), line["door"], trusted, str(line.get("kind", "")), str(line.get("region", ""))
    )
    return Arrival(
        receipt=str(line["receipt"]),
        origin=origin,
        received_at=from_iso(line["received_at"]),
        event=line["event"],
        message_id=str(line["message_id"]),
        said_kind=line.get("trait_kind"),
        sent_at=from_iso(line["sent_at"]) if line.get("sent_at") else None,
        withheld=withheld_in(str(line.get("note") or "")),
    )


def whose(line: Mapping[str, Any]) -> Identifier | str:
    """Whose event a line holds, whoever had it when the line was written: its strand; of feedback, and where the event
    can't be read (it was refused, or today's rules would refuse it), a profile id."""
    try:
        call = arrival_of(line).read()
    except HalteError:
        return str(line["profile_id"])
    return call.identifiers[0] if call.identifiers else call.profile_id
