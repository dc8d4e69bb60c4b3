"""Settings of the console."""

from __future__ import annotations

from services.shared.settings import Settings


class SiteSettings(Settings):
    """`stage` alone: the pages say which stage they show, and only the local one has an outbox."""
