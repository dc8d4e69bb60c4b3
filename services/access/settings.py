"""Settings of the authorizer."""

from __future__ import annotations

from services.shared.settings import Settings


class AuthorizerSettings(Settings):
    """`admin_key_secret_arn`: the secret whose text is the API key."""

    admin_key_secret_arn: str
