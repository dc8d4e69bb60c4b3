"""Templates that one process need not read for every visitor."""

from __future__ import annotations

import time

from services.delivery.domain.templates.documents import Template
from services.delivery.ports.content import Templates

KEPT_SECONDS = 10.0


class KeptTemplates:
    """The active version of a template, at most ten seconds old."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._kept: dict[str, tuple[float, Template | None]] = {}

    def active(self, name: str) -> Template | None:
        kept = self._kept.get(name)
        if kept is None or time.monotonic() - kept[0] >= KEPT_SECONDS:
            kept = self._kept[name] = (time.monotonic(), self._templates.active(name))
        return kept[1]
