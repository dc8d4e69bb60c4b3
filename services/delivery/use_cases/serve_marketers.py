"""What marketers read: decision records."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from services.delivery.domain.message import Message
from services.delivery.domain.why import language_of, why
from services.delivery.ports import Messages
from services.shared.errors import Invalid, NotFound

DECISIONS = 100
"""Decision records one answer holds."""

_PERSONAL = ("address", "params")


class ServeMarketers:
    """The use cases of the marketers' routes; answers are JSON-ready."""

    def __init__(self, *, messages: Messages) -> None:
        self._messages = messages

    def message(self, send_id: str, language: str = "") -> dict[str, Any]:
        """One decision record, without any address, with `why` in words of `language` (a tag).

        Raises:
            NotFound: nothing was requested under that id.
        """
        message = self._messages.get(send_id)
        if message is None:
            raise NotFound("not_found", f"no message {send_id}")
        return {**decision(message), "why": asdict(why(message, language_of(language)))}

    def decisions(self, profile_id: str, journey: str = "", language: str = "") -> list[dict[str, Any]]:
        """A profile's latest decision records, newest first, each with `why` in words; `journey` takes those of one,
        `language` is a tag (`nl`).

        Raises:
            Invalid: no profile is named.
        """
        if not profile_id:
            raise Invalid("invalid", "profile is required")
        spoken = language_of(language)
        found = self._messages.of_profile(profile_id, DECISIONS, journey)
        return [{**decision(message), "why": asdict(why(message, spoken))} for message in found]


def decision(message: Message) -> dict[str, Any]:
    """A message as its decision record, without any address."""
    shown = {n: v for n, v in asdict(message).items() if n not in _PERSONAL and v not in ("", (), {})}
    marks = {f"first_{kind}_at": at for kind, at in message.marks.items()}
    return {n: v for n, v in {**shown, **marks}.items() if n not in ("marks", "watched", "listed")}
