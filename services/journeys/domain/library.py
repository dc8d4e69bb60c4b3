"""Ready-made journeys: a document each, the messages it sends, and what else must be defined for it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from services.journeys.domain.document import Document
from services.journeys.domain.nodes import Rotation, Send, Survey
from services.journeys.domain.parts import Name, Part, Sentence, Text
from services.shared.permission import MessageClass, needs_permission

_Long = Annotated[str, Field(min_length=1, max_length=2_000)]
_STOP = "\n\nStop these messages: {{ unsubscribe_url }}\n"


class Message(Part):
    """What a template says. A commercial one needs the permission for `purpose`; `sms` is said where there is no room
    for more."""

    kind: Annotated[MessageClass, Field(alias="class")]
    purpose: Name | None = None
    subject: Text
    text: _Long
    sms: Sentence | None = None

    @model_validator(mode="after")
    def _has_a_purpose(self) -> Self:
        if needs_permission(self.kind) is (self.purpose is None):
            raise ValueError("purpose belongs to messages that are no service, and each has one")
        return self

    def template(self) -> dict[str, Any]:
        """The body of `PUT /templates/{name}`."""
        stop = _STOP if needs_permission(self.kind) else ""
        channels: dict[str, Any] = {"email": {"subject": self.subject, "text": f"{self.text.rstrip()}{stop}"}}
        if self.sms:
            channels["sms"] = {"text": self.sms}
        purpose = {"purpose": self.purpose} if self.purpose else {}
        return {"class": self.kind, **purpose, "channels": channels}


class Ready(Part):
    """A ready-made journey: what it does (`about`), what must be defined before it is published (`uses`: kind, then
    names with what they are), its messages by name, and the document as it would be put."""

    about: _Long
    uses: dict[Literal["segments", "score_models", "journeys", "world_events"], dict[str, Sentence]] = {}
    messages: dict[Name, Message]
    journey: dict[str, Any]


def templates_of(document: Document) -> set[str]:
    """The names of all templates that a document sends."""
    found = {node.template for node in document.nodes.values() if isinstance(node, Send | Survey)}
    return found.union(*(rotation.templates for _, rotation in document.of_type(Rotation)))
