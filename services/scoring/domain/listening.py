"""Events that journeys listen to: each told once, as far as it was asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from services.scoring.domain.definitions.hearing import Hearing
from services.scoring.domain.standing import Heard
from services.shared.contracts.ingest import CustomerEvent
from services.shared.contracts.journeys import Listener

MOST_KEPT = 2048
"""Bytes of JSON that are kept of one event; what does not fit, the longest first, is left out and named."""

MOST_TOLD = 100_000
"""Bytes of JSON that are kept of all events of one write; beyond, each is told with nothing kept but the names."""

LONGEST_KEY = 200
"""Characters; a digest stands for a longer one."""

LEFT_OUT = "~left_out"


def heard(events: Iterable[CustomerEvent], hearing: Hearing) -> Iterator[Heard]:
    """What listeners hear of fresh `events`. Who tells matters apart by a key hears nothing without one."""
    room = MOST_TOLD
    for event in events if hearing.listeners else ():
        for listener in hearing.listening_to(event):
            key = "" if listener.key is None else key_of(event.properties.get(listener.key))
            if listener.key is not None and not key:
                continue
            kept = kept_of(listener, event.properties, min(MOST_KEPT, room))
            room -= _size(kept)
            yield Heard(listener.name, event.message_id, key, kept, event.at)


def key_of(value: Any) -> str:
    """A property as the text that tells matters apart, the same for equal numbers (`12`, `12.0`); empty: there is
    none."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, float):
        text = str(int(value)) if value.is_integer() else repr(value)
    else:
        text = str(value).strip() if isinstance(value, int | str) else ""
    return text if len(text) <= LONGEST_KEY else hashlib.sha256(text.encode()).hexdigest()


def kept_of(listener: Listener, properties: Mapping[str, Any], room: int = MOST_KEPT) -> dict[str, Any]:
    """The properties that a listener keeps, short ones first, as many as there is room for; `LEFT_OUT` names the others
    that were there."""
    there = {name: properties[name] for name in listener.keep if properties.get(name) is not None}
    sizes = {name: _size({name: value}) for name, value in there.items()}
    kept: dict[str, Any] = {}
    for name in sorted(there, key=lambda name: (sizes[name], name)):
        if sizes[name] <= room:
            kept[name], room = there[name], room - sizes[name]
    left = sorted(there.keys() - kept.keys())
    return {**kept, LEFT_OUT: left} if left else kept


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass"))
