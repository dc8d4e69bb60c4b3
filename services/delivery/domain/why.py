"""Why a message was sent or not, in words: each gate of its decision record as a sentence, and one that sums up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.delivery.domain.message import Message
from services.delivery.domain.why_words import (
    CHANNEL_WORDS,
    DUPLICATE_WORDS,
    GATE_WORDS,
    LANGUAGES,
    MARK_WORDS,
    REASON_WORDS,
    STATUS_WORDS,
    THEN_WORDS,
    TRIED_WORDS,
)


@dataclass(frozen=True)
class Why:
    """`summary` is what became of the message, `gates` the sentences of its decision record, in the order asked."""

    summary: str
    gates: tuple[str, ...]


def language_of(asked: str) -> str:
    """The language of `LANGUAGES` that a tag or an Accept-Language header asks for first; else English."""
    return "nl" if asked.strip().lower().startswith("nl") else LANGUAGES[0]


def why(message: Message, language: str) -> Why:
    """The record of `message` in a language of `LANGUAGES`."""
    words = LANGUAGES.index(language)
    return Why(_summary(message, words), tuple(_gate(gate, words) for gate in message.gates))


def _summary(message: Message, words: int) -> str:
    parts = [
        STATUS_WORDS[message.status][words].format(
            reason=_reason(message.reason, words),
            channel=_channel(message.channel, words),
            at=_moment(message.updated_at),
            due=_moment(message.claimed_at),
        )
    ]
    if message.possible_duplicate:
        parts.append(DUPLICATE_WORDS[words])
    if message.attempts > 1:
        parts.append(TRIED_WORDS[words].format(attempts=message.attempts))
    told = sorted((at, kind) for kind, at in message.marks.items() if kind in MARK_WORDS)
    if told:
        marks = ", ".join(MARK_WORDS[kind][words] for _, kind in told)
        parts.append(THEN_WORDS[words].format(marks=marks))
    return " ".join(parts)


def _gate(gate: Mapping[str, str], words: int) -> str:
    name, stops = gate.get("gate", ""), gate.get("verdict") != "pass"
    known = GATE_WORDS.get("content_guard" if name.startswith("guard ") else name)
    if known is None:
        return f"{name}: {gate.get('verdict', '')} ({gate.get('input', '')})"
    return known[words][stops].format(
        channel=_channel(gate.get("channel", ""), words), input=gate.get("input", "")
    )


def _reason(reason: str, words: int) -> str:
    return REASON_WORDS[reason][words] if reason in REASON_WORDS else reason


def _channel(channel: str, words: int) -> str:
    return CHANNEL_WORDS[channel][words] if channel in CHANNEL_WORDS else channel


def _moment(at: str) -> str:
    """`2026-03-01 12:00 UTC`."""
    return f"{at[:10]} {at[11:16]} UTC" if at else "?"
