"""What of the event lake speaks of a person who is to be forgotten."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.ingest.domain.identifiers import Identifier
from services.shared.contracts.person import Address

_SHORT = 4
"""A shorter value means a person only where it stands as a whole JSON text or number."""


@dataclass(frozen=True)
class Subject:
    """A person to be forgotten, by every name the person has in our stores. `since` is the first day (ISO date) the
    lake may speak of the person."""

    profile_ids: tuple[str, ...]
    identifiers: tuple[Identifier, ...]
    addresses: tuple[Address, ...]
    since: str


def without(lines: Iterable[Mapping[str, Any]], subject: Subject) -> tuple[list[Mapping[str, Any]], int]:
    """`lines` of the lake without what is the subject's, and how many lines that changed.

    A line of the subject's own profile goes. A line of nobody (its event was refused) stays as the record that an
    event was refused, but loses its text if that names the subject.
    """
    mine = frozenset(subject.profile_ids)
    named = _pattern(subject)
    kept: list[Mapping[str, Any]] = []
    changed = 0
    for line in lines:
        if line.get("profile_id") in mine:
            changed += 1
        elif not line.get("profile_id") and named.search(_text(line)):
            kept.append({**line, "event": None, "refused": "", "message_id": ""})
            changed += 1
        else:
            kept.append(line)
    return kept, changed


def _text(line: Mapping[str, Any]) -> str:
    event = json.dumps(line["event"], ensure_ascii=False) if line.get("event") is not None else ""
    return f"{line.get('refused') or ''} {event} {line.get('message_id') or ''}"


def _pattern(subject: Subject) -> re.Pattern[str]:
    values = {
        *subject.profile_ids,
        *(i.value for i in subject.identifiers),
        *(a.address for a in subject.addresses),
    }
    spelled = {spelling for value in values if value for spelling in (value, json.dumps(value)[1:-1])}
    return re.compile("|".join(_whole(one) for one in sorted(spelled)) or r"(?!)", re.IGNORECASE)


def _whole(value: str) -> str:
    if len(value) < _SHORT:
        return rf'(?<=[":\s]){re.escape(value)}(?=[",}}\s])'
    return rf"(?<![\w@.+-]){re.escape(value)}(?![\w@-]|\.\w)"
