"""What came of journeys, by what they take up, what they are for, or one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, get_args

from services.journeys.domain.document import Document
from services.journeys.domain.enrolment import of_same_walk
from services.journeys.domain.figures import Figures, happenings, together
from services.journeys.domain.objectives import ANGLES, KPIS, OBJECTIVES, Kpi
from services.journeys.ports.definitions import Definitions
from services.journeys.ports.running import Counters
from services.journeys.service.announce import Step
from services.journeys.service.versions import newest_versions
from services.shared.errors import Invalid

By = Literal["angle", "objective", "journey"]


class Reporting:
    """Counts what happens to walks as it happens, and tells it."""

    def __init__(self, definitions: Definitions, counters: Counters) -> None:
        self._definitions = definitions
        self._counters = counters

    def count(self, steps: Iterable[Step]) -> None:
        """Count what some writes to walks, in their order, add. Again is the same."""
        self._counters.count([one for old, new in steps for one in happenings(of_same_walk(old, new), new)])

    def report(self, by: str) -> dict[str, Any]:
        """Every angle, objective or journey with what came of it, a journey under what its newest version says:
        `{"by", "rows": [{"name", "title", "journeys", "kpi", "kpi_title", "entered", "active", "reached",
        "reached_rate", "left": {reason: people}, "asked"}]}`; `asked` are messages.

        Raises:
            Invalid: `bad_by`.
        """
        if by not in get_args(By):
            raise Invalid("bad_by", f"by: one of {', '.join(get_args(By))}")
        documents = {name: one.document for name, one in newest_versions(self._definitions.all()).items()}
        counted = self._counters.of(documents)
        return {
            "by": by,
            "rows": [
                {
                    **heading,
                    "journeys": journeys,
                    **shown(together(counted[journey] for journey in journeys)),
                }
                for heading, journeys in _headings(by, documents)
            ],
        }


def shown(figures: Figures) -> dict[str, Any]:
    """What came of journeys, as JSON."""
    return {
        "entered": figures.entered,
        "active": figures.active,
        "reached": figures.reached,
        "reached_rate": round(figures.reached / figures.entered, 4) if figures.entered else None,
        "left": dict(figures.left),
        "worth": {currency: amount / 100 for currency, amount in figures.worth.items()},
        "asked": figures.asked,
    }


def _headings(by: str, documents: Mapping[str, Document]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """What each row is about, and the journeys in it."""
    if by == "journey":
        for name, document in sorted(documents.items()):
            yield _heading(name, document.title, document.kpi), [name]
    elif by == "objective":
        for objective, meaning in OBJECTIVES.items():
            mine = sorted(name for name, one in documents.items() if one.objective == objective)
            yield _heading(objective, meaning.title, meaning.kpi), mine
    else:
        for angle, title in ANGLES.items():
            yield _heading(angle, title), sorted(n for n, one in documents.items() if one.angle == angle)


def _heading(name: str, title: str, kpi: Kpi | None = None) -> dict[str, Any]:
    held_against = {"kpi": kpi, "kpi_title": KPIS[kpi]} if kpi else {}
    return {"name": name, "title": title, **held_against}
