"""What marketers write and read: templates, decision records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.delivery.domain.message import Message
from services.delivery.domain.promotion import LandingPages, found_in
from services.delivery.domain.templates.documents import NAME, Template, TemplateDocument
from services.delivery.domain.templates.rendering import check
from services.delivery.domain.why import language_of, why
from services.delivery.ports import Messages, Templates
from services.shared.clock import Clock
from services.shared.errors import Invalid, NotFound

DECISIONS = 100
"""Decision records one answer holds."""

_PERSONAL = ("address", "params")


class ServeMarketers:
    """The use cases of the marketers' routes; answers are JSON-ready."""

    def __init__(self, *, templates: Templates, messages: Messages, clock: Clock) -> None:
        self._templates = templates
        self._messages = messages
        self._clock = clock

    def put_template(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a template that compiles; the same document twice stays one version.

        Raises:
            Invalid, pydantic.ValidationError: the name, the document or its Liquid breaks a rule.
            Conflict: somebody else changed it at the same moment.
        """
        if not NAME.fullmatch(name):
            raise Invalid(
                "invalid_name", "name has 1 to 64 lower-case letters, digits, _ or -, a letter first"
            )
        document = TemplateDocument.model_validate(dict(body))
        check(document)
        if promoted := list(found_in(document, self._templates.landing_pages())):
            raise Invalid("service_promotes", f"a service message promotes nothing: {'; '.join(promoted)}")
        version = self._templates.put(name, document, self._clock.now())
        return _shown(Template(name, version, document))

    def templates(self) -> list[dict[str, Any]]:
        """The newest version of every template."""
        return [_shown(template) for template in self._templates.all()]

    def landing_pages(self) -> dict[str, Any]:
        """`{pages}`: where campaigns lead to."""
        return {"pages": self._templates.landing_pages()}

    def put_landing_pages(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Replace them; `breaches` are the service templates that promote something by what is known now.

        Raises:
            pydantic.ValidationError: a page is no address.
        """
        pages = LandingPages.model_validate(dict(body)).pages
        self._templates.put_landing_pages(pages)
        found = {t.name: list(found_in(t.document, pages)) for t in self._templates.all()}
        return {"pages": pages, "breaches": {name: problems for name, problems in found.items() if problems}}

    def message(self, send_id: str, language: str = "") -> dict[str, Any]:
        """One decision record, without any address, with `why` in words of `language` (a tag).

        Raises:
            NotFound: nothing was requested under that id.
        """
        message = self._messages.get(send_id)
        if message is None:
            raise NotFound("not_found", f"no message {send_id}")
        return {**decision(message), "why": asdict(why(message, language_of(language)))}

    def decisions(self, profile_id: str, journey: str = "", language: str = "") -> list[dict[str, Any]]:
        """A profile's latest decision records, newest first, each with `why` in words; `journey` takes those of one,
        `language` is a tag (`nl`).

        Raises:
            Invalid: no profile is named.
        """
        if not profile_id:
            raise Invalid("invalid", "profile is required")
        spoken = language_of(language)
        found = self._messages.of_profile(profile_id, DECISIONS)
        return [
            {**decision(message), "why": asdict(why(message, spoken))}
            for message in found
            if journey in ("", message.journey)
        ]


def _shown(template: Template) -> dict[str, Any]:
    document = template.document.model_dump(by_alias=True, exclude_none=True)
    return {"name": template.name, "version": template.version, **document}


def decision(message: Message) -> dict[str, Any]:
    """A message as its decision record, without any address."""
    shown = {n: v for n, v in asdict(message).items() if n not in _PERSONAL and v not in ("", (), {})}
    marks = {f"first_{kind}_at": at for kind, at in message.marks.items()}
    return {n: v for n, v in {**shown, **marks}.items() if n != "marks"}
