"""When others change the same walks at the same time."""

from __future__ import annotations

ATTEMPTS = 25
"""Times one walk is looked at again because it, or one it depends on, changed meanwhile."""


class Contended(Exception):
    """Others changed a walk all the time; the caller's batch must be retried."""
