"""A message as one person gets it; apart from what makes it, since most functions do without the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rendered:
    """What one person gets; `subject` and `html` are empty on SMS. `details` are what else a channel says, by name."""

    text: str
    subject: str = ""
    html: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


class NotRenderable(Exception):
    """A message has no text for this person: `reason` is `missing_attribute`, `render_error`, or what about its
    products or offer stands in the way."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
