"""The lake by way of the function `compact`, the one that carries DuckDB. It answers as `handlers/compact` says."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from services.ingest.adapters.dynamo_erasures import others_rows
from services.ingest.domain.figures.questions import Question
from services.ingest.domain.forget import Subject
from services.ingest.people.ports import LakeBusy
from services.shared.aws.clients import client, single_attempt_client
from services.shared.aws.functions import ask
from services.shared.observability import service_logger

logger = service_logger("ingest")


class LakeFunction:
    """Ports `LakeMarker` and `Counter`. The function repeats by itself what fails."""

    def __init__(self, name: str) -> None:
        self._name = name

    def roll_back(self, receipts: str) -> None:
        self._tell({"amend": {"roll_back": receipts}})

    def count(self, question: Question) -> None:
        self._tell({"count": question.model_dump(mode="json")})

    def _tell(self, wanted: Mapping[str, Any]) -> None:
        payload = json.dumps(wanted).encode()
        client("lambda").invoke(FunctionName=self._name, InvocationType="Event", Payload=payload)


class AskedLake:
    """Port `LakeDays`; the function has `seconds` to answer."""

    def __init__(self, function: str, *, seconds: int) -> None:
        self._function = function
        self._seconds = seconds

    def days(self, since: str) -> list[str]:
        found: list[str] = self._ask({"days": {"since": since}})["days"]
        return found

    def lines(self, days: Sequence[str], profile_ids: Collection[str]) -> Iterator[Mapping[str, Any]]:
        after = ""
        while True:
            wanted = {"days": list(days), "profile_ids": sorted(profile_ids), "after": after}
            page = self._ask({"read": wanted})
            yield from page["lines"]
            after = page["after"]
            if not after:
                return

    def forget(self, day: str, subject: Subject) -> int:
        wanted = {
            "day": day,
            "profile_ids": list(subject.profile_ids),
            "mentions": sorted(subject.names()),
            "parted": list(subject.parted),
            "own": [list(identifier) for identifier in subject.identifiers] if subject.parted else [],
            "others": others_rows(subject.others) if subject.parted else [],
        }
        return int(self._ask({"forget": wanted})["lines"])

    def _ask(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Whatever keeps the function from answering, all of its questions can be asked again."""
        asked = ", ".join(question)
        try:
            lake = single_attempt_client("lambda", self._seconds)
            said: Mapping[str, Any] = ask(lake, self._function, json.dumps(question).encode())
        except Exception as error:
            logger.warning("lake did not answer", extra={"asked": asked, "error": type(error).__name__})
            raise LakeBusy(f"{asked}: {type(error).__name__}") from error
        if said.get("busy"):
            logger.warning("lake is busy", extra={"asked": asked, "error": "being changed"})
            raise LakeBusy(f"{asked}: being changed")
        return said
