"""What marketers write: templates and their versions, and where campaigns lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.delivery.domain.promotion import LandingPages, found_in
from services.delivery.domain.templates.documents import NAME, Template, TemplateDocument
from services.delivery.domain.templates.linting import advice
from services.delivery.domain.templates.publishing import CompileMjml, ready
from services.delivery.ports.content import Templates
from services.shared.clock import Clock
from services.shared.errors import Invalid, NotFound


class ServeTemplates:
    """The use cases of the routes of templates; answers are JSON-ready."""

    def __init__(self, *, templates: Templates, compile_mjml: CompileMjml, clock: Clock) -> None:
        self._templates = templates
        self._compile_mjml = compile_mjml
        self._clock = clock

    def put(self, name: str, body: Mapping[str, Any], *, activate: bool = True) -> dict[str, Any]:
        """Keep a template that compiles, as the version that is sent from now on if it is to `activate`; the same
        document twice stays one version. `warnings` are what there is to mend.

        Raises:
            Invalid, pydantic.ValidationError: the name, the document or its sources break a rule.
            Conflict: somebody else changed it at the same moment.
            TooLarge: it does not fit.
        """
        if not NAME.fullmatch(name):
            raise Invalid(
                "invalid_name", "name has 1 to 64 lower-case letters, digits, _ or -, a letter first"
            )
        written = TemplateDocument.model_validate(dict(body))
        document = ready(written, self._compile_mjml)
        if promoted := list(found_in(document, self._templates.landing_pages())):
            raise Invalid("service_promotes", f"a service message promotes nothing: {'; '.join(promoted)}")
        template = Template(name, 0, document, None if document == written else written)
        version = self._templates.put(template, self._clock.now(), activate=activate)
        found = [asdict(one) for one in advice(document)]
        return {**_shown(name, version, written), "warnings": found}

    def all(self) -> list[dict[str, Any]]:
        """The active version of every template."""
        return [_shown(one.name, one.version, one.written) for one in self._templates.all()]

    def versions(self, name: str) -> dict[str, Any]:
        """`active` and all `versions` of a template.

        Raises:
            NotFound: there is no such template.
        """
        known = self._templates.versions(name)
        if known is None:
            raise NotFound("not_found", f"no template {name}")
        kept = [{"version": number, "at": at} for number, at in known.kept]
        return {"name": name, "active": known.active, "versions": kept}

    def version(self, name: str, number: int) -> dict[str, Any]:
        """One version as it was written.

        Raises:
            NotFound: there is none.
        """
        found = self._templates.version(name, number)
        if found is None:
            raise NotFound("not_found", f"template {name} has no version {number}")
        return _shown(name, number, found.written)

    def activate(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send another version from now on, an older one too; the versions.

        Raises:
            Invalid: no version is named, or by now the version would promote something in a service message.
            NotFound: there is none.
            Conflict: somebody else changed the template at the same moment.
        """
        number = body.get("version")
        if type(number) is not int or set(body) != {"version"}:
            raise Invalid("invalid", "version: the number of a version is needed")
        found = self._templates.version(name, number)
        if found and (promoted := list(found_in(found.document, self._templates.landing_pages()))):
            raise Invalid("service_promotes", f"a service message promotes nothing: {'; '.join(promoted)}")
        self._templates.activate(name, number)
        return self.versions(name)

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


def _shown(name: str, version: int, document: TemplateDocument) -> dict[str, Any]:
    return {
        "name": name,
        "version": version,
        **document.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
