"""Telling others what is defined."""

from __future__ import annotations

from services.scoring.domain.definitions import KINDS, Definition, Definitions
from services.scoring.domain.definitions.fitting import referred
from services.shared.conditions.nodes import Reference
from services.shared.contracts.given import DefinitionsAnswer, DefinitionsQuestion


def told(question: DefinitionsQuestion, definitions: Definitions) -> DefinitionsAnswer:
    """What is asked for and is there, with all that it refers to."""
    wanted = [Reference(one.kind, one.name, "") for one in question.named]
    found: dict[tuple[str, str], Definition] = {}
    while wanted:
        one = definitions.get(*referred(wanted.pop()))
        if one is not None and (one.kind, one.name) not in found:
            found[one.kind, one.name] = one
            wanted += one.references()
    answer = DefinitionsAnswer()
    for one in sorted(found.values(), key=lambda one: (one.kind, one.name)):
        answer.define.setdefault(KINDS[one.kind].listed, {})[one.name] = one.document()
    return answer
