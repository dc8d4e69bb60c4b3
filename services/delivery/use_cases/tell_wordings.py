"""Telling others of what class templates are, and which policy of contact pressure there is."""

from __future__ import annotations

from services.delivery.domain.pressure.policy import PressurePolicy
from services.delivery.ports.content import Templates
from services.delivery.ports.pressure import Policies
from services.shared.contracts.given import Worded, WordingsAnswer, WordingsQuestion


class TellWordings:
    """Answers `WordingsQuestion`."""

    def __init__(self, templates: Templates, policies: Policies, default: PressurePolicy) -> None:
        self._templates = templates
        self._policies = policies
        self._default = default

    def answer(self, question: WordingsQuestion) -> WordingsAnswer:
        """By the active version of each template."""
        active = (self._templates.active(name) for name in question.templates)
        in_force = self._policies.current()
        policy = in_force.policy if in_force else self._default
        return WordingsAnswer(
            messages={
                one.name: Worded(message_class=one.document.message_class, purpose=one.document.purpose)
                for one in active
                if one is not None
            },
            pressure=policy.model_dump(mode="json", by_alias=True),
        )
