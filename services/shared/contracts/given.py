"""What scoring and delivery answer about what marketers gave them: asked by a service that wants to know what a
journey would do, as a direct invocation of `definitions_function` and of `wordings_function`."""

from __future__ import annotations

from typing import Any

from services.shared.contracts.base import Model
from services.shared.permission import MessageClass


def definitions_function(stage: str) -> str:
    """Scoring's, known without asking, so that nobody waits for the other's deployment."""
    return f"halte-{stage}-scoring-definitions"


def wordings_function(stage: str) -> str:
    """Delivery's."""
    return f"halte-{stage}-delivery-wordings"


class Named(Model):
    """A definition by what conditions call its kind (`segment`, `score`, `stage`, `fit`, `cell`)."""

    kind: str
    name: str


class DefinitionsQuestion(Model):
    """Definitions that somebody refers to."""

    named: list[Named]


class DefinitionsAnswer(Model):
    """Those that there are, and all that these refer to: by their list (`segments`, `score_models`, …) and name, each
    as its route takes it."""

    define: dict[str, dict[str, Any]] = {}


class WordingsQuestion(Model):
    """Templates, by name."""

    templates: list[str]


class Worded(Model):
    """Of what class the messages of a template are, and for what purpose, if they need permission."""

    message_class: MessageClass
    purpose: str = ""


class WordingsAnswer(Model):
    """Those templates that there are, and the policy of contact pressure that holds, as `PUT /pressure` takes it."""

    messages: dict[str, Worded] = {}
    pressure: dict[str, Any]
