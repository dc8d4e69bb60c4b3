"""How large a condition may be: refused when it is written, so that no evaluation has to defend itself."""

from __future__ import annotations

MAX_DEPTH = 16
"""Levels of nesting, event filters and rows of relations included."""

MAX_CLAUSES = 200
"""Clauses of one condition, those of event filters and rows included."""

MAX_NAME = 200
MAX_TEXT = 500
MAX_LIST = 200
MAX_PATH = 5
"""Keys of a path to a nested property."""

MAX_TRACKS = 24
"""Kinds of events that one condition may watch: each is state of every profile."""

MAX_MARKS = 500
"""Moments remembered of one kind of events of one profile."""

MAX_STEPS = 6
MAX_VALUE = 200
"""Characters of a text that is remembered of an event; longer ones are passed over."""


class Budget:
    """Counts the clauses of one condition while it is read."""

    def __init__(self, clauses: int = MAX_CLAUSES) -> None:
        self.left = clauses

    def spend(self) -> bool:
        """Take one clause; whether there was one left."""
        self.left -= 1
        return self.left >= 0
