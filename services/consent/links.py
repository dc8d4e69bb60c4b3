"""Links in messages: whose they are, whether they still hold, and the nonce of the form behind each."""

from __future__ import annotations

import hashlib
import hmac

from services.consent.ports import TokenKeys
from services.shared import tokens
from services.shared.clock import Clock
from services.shared.errors import Invalid


class Links:
    """Tokens under the current key or the one before."""

    def __init__(self, keys: TokenKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def claims(self, use: str, token: str) -> dict[str, str]:
        """What a token for `use` claims.

        Raises:
            Invalid: `token_invalid`, `token_expired`.
        """
        return tokens.verify(self._signer(token), use, token, self._clock.now())

    def nonce(self, token: str) -> str:
        """What the page of a (verified) token puts in its form."""
        return tokens.nonce(self._signer(token), token)

    def check_nonce(self, token: str, given: str) -> None:
        """Was the form of a (verified) token sent from its page?

        Raises:
            Invalid: `form_invalid`.
        """
        if not hmac.compare_digest(self.nonce(token).encode(), given.encode()):
            raise Invalid("form_invalid", "the form was not sent from its page")

    def _signer(self, token: str) -> str:
        return self._keys.signer_of(token) or ""


def token_id(token: str) -> str:
    """What the ledger calls a token by; it can't be used as one."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]
