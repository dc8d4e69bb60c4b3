"""What marketers read: decision records, reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from services.delivery.domain.message import Message
from services.delivery.domain.why import language_of, why
from services.delivery.ports import Counters, Messages
from services.shared.errors import Invalid, NotFound

DECISIONS = 100
"""Decision records one answer holds."""

_PERSONAL = ("address", "params")
_ROW_NAMES = ("pk", "sk", "journey", "template", "channel")


class ServeMarketers:
    """The use cases of the marketers' routes; answers are JSON-ready."""

    def __init__(self, *, messages: Messages, counters: Counters) -> None:
        self._messages = messages
        self._counters = counters

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
        found = self._messages.of_profile(profile_id, DECISIONS)
        return [
            {**decision(message), "why": asdict(why(message, spoken))}
            for message in found
            if journey in ("", message.journey)
        ]

    def summary(self) -> dict[str, Any]:
        """Counts of all messages: `totals`, `by_journey`, `by_channel`, `by_template`, `skipped_by_reason`, `rows`."""
        rows = self._counters.totals()
        counted = [(row, _numbers(row)) for row in rows]
        totals = _sum(numbers for _, numbers in counted)
        prefix = "skipped_"
        return {
            "totals": {n: a for n, a in totals.items() if not n.startswith(prefix)},
            "skipped_by_reason": {
                n.removeprefix(prefix): a for n, a in totals.items() if n.startswith(prefix)
            },
            "by_journey": _by("journey", counted),
            "by_channel": _by("channel", counted),
            "by_template": _by("template", counted),
            "rows": [
                {**{n: row[n] for n in ("journey", "template", "channel")}, **numbers}
                for row, numbers in counted
            ],
        }


def decision(message: Message) -> dict[str, Any]:
    """A message as its decision record, without any address."""
    shown = {n: v for n, v in asdict(message).items() if n not in _PERSONAL and v not in ("", (), {})}
    marks = {f"first_{kind}_at": at for kind, at in message.marks.items()}
    return {n: v for n, v in {**shown, **marks}.items() if n != "marks"}


def _numbers(row: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(value) for name, value in sorted(row.items()) if name not in _ROW_NAMES and value}


def _sum(many: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = defaultdict(int)
    for numbers in many:
        for name, amount in numbers.items():
            total[name] += amount
    return dict(sorted(total.items()))


def _by(
    name: str, counted: Sequence[tuple[Mapping[str, Any], Mapping[str, int]]]
) -> dict[str, dict[str, int]]:
    groups: dict[str, list[Mapping[str, int]]] = defaultdict(list)
    for row, numbers in counted:
        groups[row[name]].append(numbers)
    return {group: _sum(many) for group, many in sorted(groups.items())}
