"""What everybody did in a period, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.ingest.domain.lake import counts, described
from services.ingest.figures.ports import Redirects
from services.ingest.lake.upkeep import LakeKeeper
from services.shared.clock import from_iso
from services.shared.contracts.past import PastAnswer, PastLine, PastQuestion

_DEEDS = ("track", "page", "screen")


class Past:
    """Answers `PastQuestion`: an answer is part of a day of the lake, wherever its events fall in time."""

    def __init__(self, *, lake: LakeKeeper, redirects: Redirects) -> None:
        self._lake = lake
        self._redirects = redirects

    def answer(self, question: PastQuestion) -> PastAnswer:
        """A page.

        Raises:
            ManifestMoved: a day kept changing; to be asked again.
        """
        lines, after = self._lake.page(self._lake.days(), None, question.after)
        found = [told for line in lines if counts(line) and (told := _told(line, question))]
        leads = self._redirects.leads({one.person for one in found})
        return PastAnswer(
            lines=[one.model_copy(update={"person": leads[one.person]}) for one in found], after=after
        )


def _told(line: Mapping[str, Any], question: PastQuestion) -> PastLine | None:
    event: Mapping[str, Any] = line["event"] or {}
    about = described(line, event)
    at, kind = from_iso(str(about["at"])), str(about["type"])
    if at >= question.until or (at < question.since and kind in _DEEDS):
        return None
    said = event.get("properties" if kind in _DEEDS else "traits")
    if kind not in (*_DEEDS, "identify"):
        return None
    return PastLine(
        person=str(line["profile_id"]),
        type=kind,
        event=str(about["name"]),
        at=at,
        properties=dict(said) if isinstance(said, Mapping) else {},
    )
