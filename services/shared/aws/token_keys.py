"""The keys that sign links, from Secrets Manager: the current one, and after a rotation the one before."""

from __future__ import annotations

from services.shared.aws.secrets import renewed, secret_text
from services.shared.tokens import key_id


class SecretTokenKeys:
    """Keys in a secret whose whole text is the key; a rotation keeps old links working for one round."""

    def __init__(self, arn: str) -> None:
        self._arn = arn
        self._alone = ""

    def current(self) -> str:
        return secret_text(self._arn)

    def signer_of(self, token: str) -> str | None:
        """After a rotation others may sign with a key that this process has not read yet: it reads again then."""
        kid = token.partition(".")[0]
        signer = self._signer(kid)
        return self._signer(kid) if signer is None and renewed(self._arn) else signer

    def known(self) -> list[str]:
        """The keys that what names no key may be signed with, the current one first."""
        current = self.current()
        previous = self._previous(current)
        return [current, previous] if previous else [current]

    def _signer(self, kid: str) -> str | None:
        current = self.current()
        if key_id(current) == kid:
            return current
        previous = self._previous(current)
        return previous if previous and key_id(previous) == kid else None

    def _previous(self, current: str) -> str | None:
        """The key before `current`. That there is none stays true until the next rotation, and is remembered: a
        flood of forged tokens must not become a flood of calls."""
        from botocore.exceptions import ClientError

        if self._alone == key_id(current):
            return None
        try:
            return secret_text(self._arn, "AWSPREVIOUS")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            self._alone = key_id(current)
            return None
