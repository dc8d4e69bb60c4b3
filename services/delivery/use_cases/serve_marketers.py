"""What marketers read: decision records."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import Any

from services.delivery.domain.message import Message
from services.delivery.domain.why import language_of, why
from services.delivery.ports.messages import Messages, Place
from services.shared.cursors import cursor_of, read_cursor
from services.shared.errors import Invalid, NotFound

DECISIONS = 100
"""Decision records one answer holds at most."""

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

    def decisions(
        self,
        profile_id: str,
        *,
        journey: str = "",
        language: str = "",
        cursor: str = "",
        limit: int = DECISIONS,
    ) -> dict[str, Any]:
        """`{decisions, cursor}`: a profile's decision records, newest first, each with `why` in words; `journey` takes
        those of one, `language` is a tag (`nl`). The cursor goes on behind them; `null`: there are no more.

        Raises:
            Invalid: no profile is named; `bad_cursor`.
        """
        if not profile_id:
            raise Invalid("invalid", "profile is required")
        spoken, most = language_of(language), min(max(limit, 1), DECISIONS)
        history = self._messages.history(profile_id, read_cursor(cursor, _place) if cursor else None)
        wanted = ((place, one) for place, one in history if journey in ("", one.journey))
        found = list(islice(wanted, most + 1))
        page = found[:most]
        return {
            "decisions": [{**decision(one), "why": asdict(why(one, spoken))} for _, one in page],
            "cursor": cursor_of(page[-1][0]) if len(found) > most else None,
        }


def decision(message: Message) -> dict[str, Any]:
    """A message as its decision record, without any address."""
    shown = {n: v for n, v in asdict(message).items() if n not in _PERSONAL and v not in ("", (), {})}
    marks = {f"first_{kind}_at": at for kind, at in message.marks.items()}
    return {n: v for n, v in {**shown, **marks}.items() if n not in ("marks", "watched", "listed")}


def _place(value: Any) -> Place:
    at, send_id = value
    if not (isinstance(at, str) and isinstance(send_id, str)):
        raise ValueError("a place is a moment and a send id")
    return at, send_id
