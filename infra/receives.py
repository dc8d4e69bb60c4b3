"""How often work is delivered before it is given up; apart from the constructs, since tests of failures ask it too."""

from __future__ import annotations

RECEIVES = 5
"""Deliveries before a message is parked."""
