"""The rule of the door, pure."""

from __future__ import annotations

import hmac
from collections.abc import Iterable


def bearer_key(header: str) -> str:
    """The key in an `Authorization: Bearer <key>` header; empty when there is none."""
    scheme, _, key = header.strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def is_known(key: str, known: Iterable[str]) -> bool:
    """Is `key` one of the known ones? Compared in constant time, and an empty key never is."""
    matches = [hmac.compare_digest(key.encode(), candidate.encode()) for candidate in known if candidate]
    return bool(key) and any(matches)
