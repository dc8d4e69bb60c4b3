"""May this message go to this address? The whole policy is `may`; consent answers by it and delivery claims by it.

It is about one address, for one purpose, on one channel: whoever merges people or changes an address gains nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MessageClass = Literal["service", "commercial", "ideal", "charity"]
"""`ideal` and `charity` recruit for a cause: by law they need permission as commercial ones do."""

DOUBLE_OPT_IN, SOFT_OPT_IN = "double_opt_in", "soft_opt_in"


@dataclass(frozen=True)
class Permission:
    """What stands for an address, a purpose and a channel after ledger entry `entry_id`, and on which basis (empty:
    of before bases were told, so double opt-in). From `until` on (ISO 8601 in UTC; empty: for good) it has lapsed."""

    state: str
    entry_id: str
    basis: str = ""
    until: str = ""


@dataclass(frozen=True)
class Decision:
    """May it, why (not), and the ledger entry that says so (empty: none was needed, or there is none)."""

    allowed: bool
    reason: str
    entry_id: str = ""


def needs_permission(message_class: str) -> bool:
    """Is it anything but a service message? What is not known counts as commercial."""
    return message_class != "service"


def may(permission: Permission | None, message_class: str, now: str, *, way_out: bool) -> Decision:
    """The policy, in the order in which it is asked. `way_out`: can the receiver object by the message itself?"""
    if not needs_permission(message_class):
        return Decision(True, "service message: none needed")
    if permission is None:
        return Decision(False, "none")
    entry_id = permission.entry_id
    state = state_at(permission.state, permission.until, now)
    if state != "granted":
        return Decision(False, state, entry_id)
    basis = permission.basis or DOUBLE_OPT_IN
    if basis not in (DOUBLE_OPT_IN, SOFT_OPT_IN):
        return Decision(False, f"no basis for it: {basis}", entry_id)
    if basis == SOFT_OPT_IN and not way_out:
        return Decision(False, "soft_opt_in needs a way to object in the message", entry_id)
    return Decision(True, f"granted by {basis}", entry_id)


def state_at(state: str, until: str, now: str) -> str:
    """The state of a permission by `now`: a grant that lapsed is `expired`."""
    return "expired" if state == "granted" and until and now >= until else state
