"""The words of contact pressure in `why_words`."""

from __future__ import annotations

from collections.abc import Mapping

PRESSURE_GATES: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "gap": (
        (
            "The last message is long enough ago ({input}).",
            "The last message was too short a time ago ({input}).",
        ),
        (
            "Het vorige bericht is lang genoeg geleden ({input}).",
            "Het vorige bericht is te kort geleden ({input}).",
        ),
    ),
    "arbitration": (
        ("No other message goes first ({input}).", "Another message goes first, or may ({input})."),
        ("Geen ander bericht gaat voor ({input}).", "Een ander bericht gaat voor, of mogelijk ({input})."),
    ),
    "hours": (
        ("It may arrive at this hour ({input}).", "Nothing arrives at this hour ({input})."),
        ("Het mag op dit uur aankomen ({input}).", "Op dit uur komt niets aan ({input})."),
    ),
    "holiday": (
        ("It is no public holiday there ({input}).", "It is a public holiday there ({input})."),
        ("Het is daar geen feestdag ({input}).", "Het is daar een feestdag ({input})."),
    ),
    "send_time": (
        (
            "It need not wait for the hour of reading ({input}).",
            "It waits for the hour of reading ({input}).",
        ),
        ("Het hoeft niet op het leesuur te wachten ({input}).", "Het wacht op het leesuur ({input})."),
    ),
    "pace": (
        ("There is room for {channel} ({input}).", "No more may leave by {channel} just now ({input})."),
        ("Er is ruimte voor {channel} ({input}).", "Er mag nu niet meer uit per {channel} ({input})."),
    ),
    "brake": (
        ("The journey goes on ({input}).", "The journey is stopped by {channel} ({input})."),
        ("De reis gaat door ({input}).", "De reis ligt stil per {channel} ({input})."),
    ),
    "guard": (
        ("Messages go by {channel} ({input}).", "Nothing commercial goes by {channel} ({input})."),
        (
            "Er gaan berichten uit per {channel} ({input}).",
            "Er gaat niets commercieels uit per {channel} ({input}).",
        ),
    ),
    "canary": (
        (
            "It is one of the journey's first ({input}).",
            "The journey's first must settle before it ({input}).",
        ),
        (
            "Het is een van de eerste van de reis ({input}).",
            "De eerste van de reis worden afgewacht ({input}).",
        ),
    ),
    "circuit": (
        ("The provider takes messages ({input}).", "The provider takes no messages now ({input})."),
        ("De provider neemt berichten aan ({input}).", "De provider neemt nu geen berichten aan ({input})."),
    ),
}
"""By gate, as `why_words.GATE_WORDS`."""

PRESSURE_REASONS: Mapping[str, tuple[str, str]] = {
    "minimum_gap": ("the last message was too short a time ago", "het vorige bericht is te kort geleden"),
    "arbitration": ("another message goes first, or may", "een ander bericht gaat voor, of mogelijk"),
    "outranked": ("another message mattered more", "een ander bericht was belangrijker"),
    "closed_hours": ("nothing arrives at this hour", "op dit uur komt niets aan"),
    "holiday": ("it is a public holiday", "het is een feestdag"),
    "send_time": ("the person reads at another hour", "de persoon leest op een ander uur"),
    "pace": ("no more may leave just now", "er mag nu niet meer uit"),
    "brake": ("the journey was stopped", "de reis is stilgelegd"),
    "guard": ("nothing commercial goes by this channel", "er gaat niets commercieels uit per dit kanaal"),
    "canary": (
        "the journey's first messages must settle",
        "de eerste berichten van de reis worden afgewacht",
    ),
    "circuit": ("the provider takes no messages now", "de provider neemt nu geen berichten aan"),
}
"""By reason, as `why_words.REASON_WORDS`."""
