"""What is stored as one JSON text, because nothing is queried by it: facts of a walk, its memory, what it asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.journeys.domain.moves import Ask, AskMessage, AskTask, AskUpdate, AskWebhook, Memory, Worth
from services.shared.clock import from_iso, to_iso

_ASKS = {"message": AskMessage, "update": AskUpdate, "task": AskTask, "webhook": AskWebhook}


def to_text(document: Mapping[str, Any]) -> str | None:
    """Nothing where there is nothing."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False) if document else None


def memory_text(memory: Memory) -> str | None:
    """Nothing where nothing is remembered."""
    return to_text({name: value for name, value in asdict(memory).items() if value})


def read_memory(text: str) -> Memory:
    """The memory of a text."""
    said = json.loads(text)
    return Memory(
        arms=said.get("arms", {}),
        jumps=said.get("jumps", {}),
        had={node: tuple(templates) for node, templates in said.get("had", {}).items()},
    )


def worth_text(worth: Worth) -> str:
    """What a goal brought."""
    return json.dumps([worth.amount, worth.currency], separators=(",", ":"))


def read_worth(text: str) -> Worth:
    """The worth of a text."""
    return Worth(*json.loads(text))


def ask_text(ask: Ask) -> str:
    """What a node asked for."""
    said = {name: value for name, value in asdict(ask).items() if value is not None}
    if isinstance(ask, AskMessage) and ask.expires_at:
        said["expires_at"] = to_iso(ask.expires_at)
    kind = next(name for name, cls in _ASKS.items() if isinstance(ask, cls))
    return json.dumps({"ask": kind, **said}, separators=(",", ":"), ensure_ascii=False)


def read_ask(text: str) -> Ask:
    """The ask of a text."""
    said = json.loads(text)
    kind = said.pop("ask")
    if kind == "message":
        expires_at = said.pop("expires_at", None)
        said["channels"] = tuple(said["channels"])
        return AskMessage(**said, expires_at=from_iso(expires_at) if expires_at else None)
    ask: Ask = _ASKS[kind](**said)
    return ask
