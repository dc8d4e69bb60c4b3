"""Signed links: a token says what it is for, whom it is about and until when, and can't be altered or re-purposed.

The text is `<kid>.<expiry>.<claims>.<signature>`: HMAC-SHA256 over use, kid, expiry and claims, all url-safe. The
claims are readable by whoever holds the link, so they carry keyed hashes and opaque ids, never an address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from services.shared.errors import Invalid

UNSUBSCRIBE = "unsubscribe"
"""Use of a token that revokes; claims `purpose`, `channel`, `address_key` (and `language`, optional)."""

PREFERENCES = "preferences"
"""Use of a token that opens the preference centre: claims `channel` (on which it was sent) and `<channel>_key`, the
address key, for each channel on which the person is known (and `send_id`, the message that carried it)."""

MAX_LENGTH = 2_000
"""Characters a token may have; longer ones are refused unread."""

_SHAPE = re.compile(r"([0-9a-f]{8})\.([0-9]{1,12})\.([A-Za-z0-9_-]+)\.([0-9a-f]{64})", re.ASCII)


def sign(secret: str, use: str, claims: Mapping[str, str], expires_at: datetime) -> str:
    """A token for `use` that `verify` accepts before `expires_at` (kept to the second, rounded down).

    Raises:
        ValueError: the token would be longer than `MAX_LENGTH`, or the secret is empty.
    """
    if not secret:
        raise ValueError("a token needs a secret")
    text = json.dumps(dict(claims), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    body = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    kid, expiry = key_id(secret), str(int(expires_at.timestamp()))
    token = f"{kid}.{expiry}.{body}.{_signature(secret, use, kid, expiry, body)}"
    if len(token) > MAX_LENGTH:
        raise ValueError(f"token has {len(token)} characters, the limit is {MAX_LENGTH}")
    return token


def verify(secrets: str | Sequence[str], use: str, token: str, now: datetime) -> dict[str, str]:
    """The claims of a token signed for `use` under any of `secrets` (the current one and its predecessor).

    Raises:
        Invalid: `token_invalid` when it is forged, altered or meant for another use; `token_expired` when it is
            genuine and its time is over.
    """
    shape = _SHAPE.fullmatch(token) if len(token) <= MAX_LENGTH else None
    if shape is None:
        raise Invalid("token_invalid", "token is not one of ours")
    kid, expiry, body, signature = shape.groups()
    known = [secrets] if isinstance(secrets, str) else list(secrets)
    genuine = [
        hmac.compare_digest(_signature(secret, use, kid, expiry, body), signature)
        for secret in known
        if secret and hmac.compare_digest(key_id(secret), kid)
    ]
    if not any(genuine):
        raise Invalid("token_invalid", "token is not one of ours")
    if now >= datetime.fromtimestamp(int(expiry), UTC):
        raise Invalid("token_expired", "token has expired")
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def expiry(token: str) -> datetime:
    """When a token ends that was verified."""
    return datetime.fromtimestamp(int(token.split(".")[1]), UTC)


def key_id(secret: str) -> str:
    """Which key signed: 8 hex digits of its hash, so that a rotation needs no list of keys."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


def nonce(secret: str, token: str) -> str:
    """What a form for `token` must carry back: only whoever was shown the page has it."""
    return hmac.new(secret.encode(), f"nonce:{token}".encode(), hashlib.sha256).hexdigest()


def _signature(secret: str, use: str, kid: str, expiry: str, body: str) -> str:
    text = f"{len(use)}:{use}.{kid}.{expiry}.{body}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
