"""The pages of consent that anybody may open; apart from the stacks, since tests of those pages ask it too."""

from __future__ import annotations

PUBLIC_ROUTES = (
    "POST /consents/requests",
    "GET /consents/confirm",
    "HEAD /consents/confirm",
    "POST /consents/confirm",
    "GET /consents/unsubscribe",
    "HEAD /consents/unsubscribe",
    "POST /consents/unsubscribe",
)
PREFERENCE_ROUTES = tuple(
    f"{method} {path}"
    for path in ("/preferences", "/preferences/request", "/preferences/email")
    for method in ("GET", "HEAD", "POST")
)
