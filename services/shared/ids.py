"""Identifiers: random where nothing may be guessed, hashed where a retry must arrive at the same one."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_id(prefix: str) -> str:
    """A fresh opaque id, 80 random bits: `prf_3f9c…`."""
    return f"{prefix}_{secrets.token_hex(10)}"


def stable_id(prefix: str, *parts: str) -> str:
    """The id that the same parts always give (80 bits of SHA-256); parts are length-prefixed, so none can run
    over into its neighbour."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return f"{prefix}_{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def keyed_hash(key: str, text: str) -> str:
    """HMAC-SHA256 of `text` under `key`, 128 bits as hex: stands for a person's address where the address itself
    may not stand, and can't be reversed by trying addresses without the key."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]
