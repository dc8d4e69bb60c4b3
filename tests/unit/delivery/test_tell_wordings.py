"""What delivery tells of templates and of contact pressure."""

from __future__ import annotations

from typing import Any, cast

from services.delivery.domain.pressure.policy import InForce, PressurePolicy, default_policy
from services.delivery.domain.templates.documents import Template, TemplateDocument
from services.delivery.ports.content import Templates
from services.delivery.ports.pressure import Policies
from services.delivery.use_cases.tell_wordings import TellWordings
from services.shared.contracts.given import Worded, WordingsQuestion


def template(name: str, **fields: Any) -> Template:
    email = {"subject": "s", "text": "t {{ unsubscribe_url }}"}
    return Template(name, 1, TemplateDocument.model_validate({"channels": {"email": email}, **fields}))


class Kept:
    """Templates and a policy."""

    def __init__(self, policy: PressurePolicy | None, *templates: Template) -> None:
        self._policy = policy
        self._templates = {one.name: one for one in templates}

    def active(self, name: str) -> Template | None:
        return self._templates.get(name)

    def current(self) -> InForce | None:
        return InForce(self._policy, 3) if self._policy else None


def answered(policy: PressurePolicy | None, *names: str) -> Any:
    kept = Kept(
        policy,
        template("offer", **{"class": "commercial", "purpose": "newsletter"}),
        template("manual", **{"class": "service"}),
    )
    telling = TellWordings(cast("Templates", kept), cast("Policies", kept), default_policy(5, brakes=False))
    return telling.answer(WordingsQuestion(templates=list(names)))


def test_classes_and_purposes_are_those_of_the_active_versions() -> None:
    answer = answered(None, "offer", "manual", "gone")
    assert answer.messages == {
        "offer": Worded(message_class="commercial", purpose="newsletter"),
        "manual": Worded(message_class="service"),
    }


def test_the_policy_is_told_as_it_was_put_or_the_one_that_holds_without() -> None:
    policy = PressurePolicy.model_validate({"caps": [{"count": 2, "within": "P7D", "class": "commercial"}]})
    for given, holds in ((policy, policy), (None, default_policy(5, brakes=False))):
        assert PressurePolicy.model_validate(answered(given).pressure) == holds
