"""Simulations: questions and answers in the lake's bucket, and the queue of those to work out."""

from __future__ import annotations

import json

from services.journeys.domain.simulating import Question, asked_key, told_key
from services.shared.aws.clients import client
from services.shared.aws.lake_objects import LakeObjects, Moved


class S3Simulations:
    """`ports.simulating.Simulations`."""

    def __init__(self, bucket: str) -> None:
        self._objects = LakeObjects(bucket)

    def get(self, id: str) -> Question | None:
        found = self._objects.get(asked_key(id))
        if found is None:
            return None
        told, _ = self._objects.get(told_key(id)) or (None, "")
        return Question.from_json(found[0], told, found[1])

    def ask(self, question: Question) -> bool:
        key, text = asked_key(question.asked.id), question.to_json()
        try:
            self._objects.put(key, text.encode(), question.state)
        except Moved:
            return False
        return True


class SqsSimulators:
    """`ports.simulating.Simulators`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, id: str) -> None:
        client("sqs").send_message(QueueUrl=self._url, MessageBody=json.dumps({"id": id}))
