"""What a simulation says, of one run or of several: as the command writes it and as the API answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.simulations.domain.expectation import expected
from services.simulations.domain.simulation import Outcome


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The first run, as JSON, and what all of them let expect."""
    figures = expected(outcomes) if len(outcomes) > 1 else []
    return {**outcomes[0].document(), "expected": [one.document() for one in figures]}
