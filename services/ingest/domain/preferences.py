"""What people change themselves in the preference centre, as customer events: declared traits, and the timeline."""

from __future__ import annotations

from typing import Any

from services.ingest.domain.processes import ADDRESS_MOVED, EMAIL_CHANGED, PREFERENCES_UPDATED
from services.shared.clock import to_iso
from services.shared.contracts.consent import PreferencesChange

SOURCE = "preference-centre"


def events_of(change: PreferencesChange) -> list[dict[str, Any]]:
    """One event for each thing that changed. The person is named by the address whose mail they read: that is all the
    preference centre knows; a new address is named beside it, and from then on leads to the same person."""
    events = []
    traits = {name: value for name, value in change.traits.items() if name != "address"}
    if traits:
        events.append(_event(change, "who", type="identify", traits=traits))
    if "address" in change.traits:
        moved = {"address": change.traits["address"], "channel": "web"}
        events.append(_event(change, "moved", type="track", event=ADDRESS_MOVED, properties=moved))
    if change.email:
        renamed = {"email": change.email, "previous": change.address, "channel": "web"}
        events.append(_event(change, "email", type="track", event=EMAIL_CHANGED, properties=renamed))
    if change.phone:
        events.append(_event(change, "phone", type="identify", traits={"phone": change.phone}))
    if change.permissions:
        permissions = [one.model_dump() for one in change.permissions]
        updated = {"permissions": permissions, "channel": "web"}
        events.append(_event(change, "said", type="track", event=PREFERENCES_UPDATED, properties=updated))
    return events


def _event(change: PreferencesChange, part: str, **said: Any) -> dict[str, Any]:
    return {
        "messageId": f"{change.change_id}-{part}",
        "timestamp": to_iso(change.at),
        "context": {"externalIds": [{"type": "email", "id": change.address}]},
        **said,
    }
