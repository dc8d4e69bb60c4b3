"""The events that consent listens to, by name; the rules of its stack are made of these."""

from __future__ import annotations

MAY_CHANGE_ADDRESS = ("Email Changed", "Registered", "identify")
"""Events that may bring a person another e-mail address (an identify call is named by its type)."""

CONSENT_REQUESTED = "Consent Requested"
"""A person's wish for a permission, by an SDK: `purpose`, `channel`, `text_version`, `language`, `form`."""

MARKETING_OBJECTED = "Marketing Objected"
"""A person wants no marketing any more, at any address."""

TOLD = (CONSENT_REQUESTED, MARKETING_OBJECTED)

CONFIRM_TEMPLATE = "confirm_subscription"
"""The template of messages that ask for a confirmation."""

CONFIRMING = (CONFIRM_TEMPLATE,)
"""Templates whose messages belong to the proof of a permission, once they left."""

RECOVERY_REQUESTED = "Account Recovery Requested"
