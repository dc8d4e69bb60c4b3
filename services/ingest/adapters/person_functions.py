"""The other services' `person` functions, invoked directly and side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from services.ingest.people.ports import Answers
from services.shared.aws.clients import single_attempt_client
from services.shared.aws.functions import ask
from services.shared.contracts.person import PersonAnswer, PersonQuestion
from services.shared.observability import service_logger

logger = service_logger("ingest")


class PersonFunctions:
    """Port `Services` over functions by service name; each has `seconds` to answer."""

    def __init__(self, functions: Mapping[str, str], *, seconds: int) -> None:
        self._seconds = seconds
        self._functions = dict(sorted(functions.items()))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._functions)

    def ask(self, question: PersonQuestion, of: Sequence[str]) -> Answers:
        single_attempt_client("lambda", self._seconds)  # made here: making clients is not safe in threads
        with ThreadPoolExecutor(max(len(of), 1)) as pool:
            answers = list(pool.map(lambda name: self._one(name, question), of))
        found = {name: answer for name, answer in zip(of, answers, strict=True) if answer is not None}
        return Answers(found, tuple(name for name in of if name not in found))

    def _one(self, name: str, question: PersonQuestion) -> PersonAnswer | None:
        """Whatever keeps a service from answering is its unavailability, and no failure of who asks."""
        try:
            client = single_attempt_client("lambda", self._seconds)
            said = ask(client, self._functions[name], question.model_dump_json().encode())
            return PersonAnswer.model_validate(said)
        except Exception as error:
            logger.warning("service did not answer", extra={"asked": name, "error": type(error).__name__})
            return None
