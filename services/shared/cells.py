"""Cells of files that a spreadsheet opens."""

from __future__ import annotations

from typing import Any


def neutral(cell: Any) -> str:
    """A cell of a report: what a spreadsheet would take for a formula becomes text."""
    text = str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
