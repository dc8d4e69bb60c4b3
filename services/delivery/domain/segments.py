"""How many parts a text message is billed as (3GPP TS 23.038 for the alphabet, TS 23.040 for parts)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")
"""Written as two: an escape and the character."""


@dataclass(frozen=True)
class Segments:
    """`encoding` is `GSM-7` or `UCS-2`, `units` its septets or 16-bit units, `parts` what is billed."""

    encoding: str
    units: int
    parts: int


def segments(text: str) -> Segments:
    """The parts of `text`: one of 160 septets (70 in UCS-2), or several of 153 (67), because a joined message carries a
    header in each. A character of two units is never cut."""
    if all(c in _BASIC or c in _EXTENSION for c in text):
        return _counted("GSM-7", [1 + (c in _EXTENSION) for c in text], 160, 153)
    return _counted("UCS-2", [1 + (ord(c) > 0xFFFF) for c in text], 70, 67)


def _counted(encoding: str, widths: Sequence[int], alone: int, joined: int) -> Segments:
    units = sum(widths)
    if units <= alone:
        return Segments(encoding, units, 1)
    parts, room = 0, 0
    for width in widths:
        if width > room:
            parts, room = parts + 1, joined
        room -= width
    return Segments(encoding, units, parts)
