"""The customer events that consent listens to, by name; the rules of its stack are made of these."""

from __future__ import annotations

MAY_CHANGE_ADDRESS = ("Email Changed", "Registered", "identify")
"""Events that may bring a person another e-mail address (an identify call is named by its type)."""

RECOVERY_REQUESTED = "Account Recovery Requested"
