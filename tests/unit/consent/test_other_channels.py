"""Permissions on channels where no message can ask for a confirmation."""

from __future__ import annotations

import pytest

from services.consent.domain.ledger import Standing
from services.consent.domain.preferences import boxes
from services.consent.domain.purposes import ConsentText, Purpose
from services.consent.handlers.preference_words import WORDS
from services.shared.channels import CHANNELS, CONFIRMED

NEWS = Purpose(
    title="News",
    channels=list(CHANNELS),
    texts=[ConsentText(version="1", language="en", text="I would like to hear the news.")],
)


def test_only_where_a_message_can_ask_it_is_asked() -> None:
    assert set(NEWS.confirmed_on()) == CONFIRMED
    assert NEWS.asked_on() == list(CHANNELS)


@pytest.mark.parametrize("channel", sorted(set(CHANNELS) - CONFIRMED))
def test_what_was_permitted_by_another_road_can_be_taken_back_and_not_given(channel: str) -> None:
    granted = {("news", channel): Standing("granted", 1, "cns_1", "1", "2026-03-01T12:00:00.000Z")}

    shown = {box.channel: box for box in boxes({"news": NEWS}, granted, "en", "email")}
    without = {box.channel for box in boxes({"news": NEWS}, {}, "en", "email")}

    assert shown[channel].granted
    assert shown[channel].text is None
    assert channel not in without
    assert without == CONFIRMED


def test_every_channel_has_words() -> None:
    for words in WORDS.values():
        assert {f"by_{channel}" for channel in CHANNELS} <= words.keys()
