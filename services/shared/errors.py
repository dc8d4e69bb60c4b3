"""What can be wrong with a request or an event, in the one shape every surface answers: `{"code", "message"}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = [
    "Conflict",
    "HalteError",
    "Invalid",
    "NotFound",
    "Stale",
    "TooLarge",
    "TooMany",
    "Unauthorized",
    "explain",
]


class HalteError(Exception):
    """An expected refusal: `code` for programs, `message` for people; it names the field and the rule."""

    status = 400

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Invalid(HalteError):
    """The input breaks a rule (400)."""


class Unauthorized(HalteError):
    """The key is missing or wrong (401)."""

    status = 401


class NotFound(HalteError):
    """There is no such thing (404)."""

    status = 404


class Conflict(HalteError):
    """The thing is in another state than the request assumes (409)."""

    status = 409


class Stale(HalteError):
    """The request was made from a revision that no longer stands (412)."""

    status = 412


class TooLarge(HalteError):
    """The input is over a size limit (413)."""

    status = 413


class TooMany(HalteError):
    """The sender is over its rate (429); it may come again after `retry_after` seconds."""

    status = 429

    def __init__(self, code: str, message: str, retry_after: int) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


def explain(error: ValidationError) -> str:
    """Every broken rule of a pydantic error, as `path: rule`, without the offending values."""
    return "; ".join(
        f"{'.'.join(str(p) for p in e['loc']) or 'body'}: {e['msg']}"
        for e in error.errors(include_input=False)
    )
