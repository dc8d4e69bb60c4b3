"""Figures in the lake's bucket, under a prefix that S3 empties after a week: `figures/<key of the question>.json`."""

from __future__ import annotations

from contextlib import suppress

from services.ingest.domain.figures.figure import FIGURES, Figure
from services.shared.aws.lake_objects import LakeObjects, Moved


class S3Figures:
    """Port `FigureFiles`."""

    def __init__(self, bucket: str) -> None:
        self._objects = LakeObjects(bucket)

    def get(self, key: str) -> tuple[Figure, str] | None:
        found = self._objects.get(_name(key))
        return (Figure.from_json(found[0]), found[1]) if found else None

    def mark(self, figure: Figure, state: str) -> None:
        with suppress(Moved):
            self._put(figure, state)

    def put(self, figure: Figure) -> None:
        self._put(figure)

    def _put(self, figure: Figure, state: str | None = None) -> None:
        self._objects.put(_name(figure.question.key), figure.to_json().encode(), state)


def _name(key: str) -> str:
    return f"{FIGURES}{key}.json"
