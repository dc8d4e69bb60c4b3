"""The events that consent listens to, by name; the rules of its stack are made of these."""

from __future__ import annotations

MAY_CHANGE_ADDRESS = ("Email Changed", "Registered", "identify")
"""Events that may bring a person another e-mail address (an identify call is named by its type)."""

CONFIRM_TEMPLATE = "confirm_subscription"
"""The template of messages that ask for a confirmation."""

CONFIRMING = (CONFIRM_TEMPLATE,)
"""Templates whose messages belong to the proof of a permission, once they left."""

RECOVERY_REQUESTED = "Account Recovery Requested"
