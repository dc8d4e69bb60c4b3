"""Polarity by VADER's lexicon and rules: English only, small, no network."""

from __future__ import annotations

from functools import cached_property
from typing import Any


class Vader:
    """Port `Polarity`. In any other language than English a mention counts, but has no polarity."""

    def of(self, text: str, language: str) -> float | None:
        if language.lower().replace("_", "-").partition("-")[0] not in ("en", "eng"):
            return None
        return float(self._analyser.polarity_scores(text)["compound"])

    @cached_property
    def _analyser(self) -> Any:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        return SentimentIntensityAnalyzer()
