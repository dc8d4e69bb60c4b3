"""What once happened, as simulations need it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol


class Past(Protocol):
    """The lake, by way of whoever keeps it."""

    def rows(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        """What everybody did from `since` on and before `until`, and told of themselves before that, as
        `domain.history.beings_of` reads it.

        Raises:
            Conflict: `lake_busy`.
        """
        ...
