"""Other services' words, asked of their functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from services.journeys.domain.runs import Outcomes
from services.shared.aws.clients import client
from services.shared.aws.functions import ask
from services.shared.contracts.audience import MOST, AudienceAnswer, AudienceQuestion
from services.shared.contracts.base import Model
from services.shared.contracts.given import (
    DefinitionsAnswer,
    DefinitionsQuestion,
    Named,
    WordingsAnswer,
    WordingsQuestion,
)
from services.shared.contracts.outcomes import OutcomesAnswer, OutcomesQuestion
from services.shared.contracts.scoring import Standing
from services.shared.contracts.who import WhoAnswer, WhoQuestion


class AskedAudiences:
    """`ports.planning.Audiences`."""

    def __init__(self, function: str) -> None:
        self._function = function

    def members(self, segment: str, part: int, after: str) -> AudienceAnswer:
        question = AudienceQuestion(segment=segment, part=part, after=after)
        return AudienceAnswer.model_validate(_ask(self._function, question))

    def people(self, profile_ids: Sequence[str]) -> list[Standing]:
        found: list[Standing] = []
        for i in range(0, len(profile_ids), MOST):
            question = AudienceQuestion(profile_ids=list(profile_ids[i : i + MOST]))
            answer = AudienceAnswer.model_validate(_ask(self._function, question))
            found += [one.standing for one in answer.people]
        return found


class AskedMessages:
    """`ports.planning.Messages`."""

    def __init__(self, function: str) -> None:
        self._function = function

    def outcomes(self, journey: str, since: datetime) -> Outcomes:
        question = OutcomesQuestion(journey=journey, since=since)
        answer = OutcomesAnswer.model_validate(_ask(self._function, question))
        return Outcomes(answer.sent, answer.bounced, answer.complained)


class AskedDirectory:
    """`ports.planning.Directory`."""

    def __init__(self, function: str) -> None:
        self._function = function

    def profile_of(self, identifier: str) -> str:
        question = WhoQuestion(identifier=identifier)
        return WhoAnswer.model_validate(_ask(self._function, question)).profile_id


class AskedGiven:
    """`ports.simulating.Given`."""

    def __init__(self, definitions: str, wordings: str) -> None:
        self._definitions = definitions
        self._wordings = wordings

    def definitions(self, names: Iterable[tuple[str, str]]) -> DefinitionsAnswer:
        question = DefinitionsQuestion(named=[Named(kind=kind, name=name) for kind, name in names])
        return DefinitionsAnswer.model_validate(_ask(self._definitions, question))

    def wordings(self, templates: Iterable[str]) -> WordingsAnswer:
        question = WordingsQuestion(templates=list(templates))
        return WordingsAnswer.model_validate(_ask(self._wordings, question))


def _ask(function: str, question: Model) -> Any:
    return ask(client("lambda"), function, question.model_dump_json().encode())
