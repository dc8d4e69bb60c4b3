"""Simulations in the lake's bucket, beside their questions; S3 removes both after a week."""

from __future__ import annotations

from services.journeys.domain.simulating import Question, Told, asked_key, told_key
from services.shared.aws.lake_objects import LakeObjects, Moved


class S3Answers:
    """`ports.answers.Answers`."""

    def __init__(self, bucket: str) -> None:
        self._objects = LakeObjects(bucket)

    def question(self, id: str) -> Question | None:
        found = self._objects.get(asked_key(id))
        if found is None:
            return None
        told, state = self._objects.get(told_key(id)) or (None, "")
        return Question.from_json(found[0], told, state)

    def tell(self, id: str, told: Told, state: str | None = None) -> bool:
        try:
            self._objects.put(told_key(id), told.to_json().encode(), state)
        except Moved:
            return False
        return True
