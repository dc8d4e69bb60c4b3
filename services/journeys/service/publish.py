"""Publishing a version of a journey, and showing what is published."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from services.journeys.domain.compiler import compile_document
from services.journeys.domain.diagram import dot, mermaid
from services.journeys.domain.document import Document
from services.journeys.domain.rules.advice import calls_in_vain
from services.journeys.domain.validation import InvalidJourney, Problem, Verdict, judge
from services.journeys.ports.definitions import Attributes, Definition, Definitions, Machines
from services.journeys.service.gate import Gate
from services.journeys.service.versions import newest_versions, versions_of
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, NotFound

MAX_ATTEMPTS = 5
"""Version numbers tried: one may be taken by a publication that died between state machine and definition."""


class Publishing:
    """Use cases of marketers' journey documents."""

    def __init__(
        self,
        *,
        definitions: Definitions,
        attributes: Attributes,
        machines: Machines,
        gate: Gate,
        clock: Clock,
        step_function_arn: str,
    ) -> None:
        self._definitions = definitions
        self._attributes = attributes
        self._machines = machines
        self._gate = gate
        self._clock = clock
        self._step_function_arn = step_function_arn

    def publish(self, name: str, raw: Mapping[str, Any]) -> Definition:
        """Publish a document as the journey's next version; the newest version's own document changes nothing.

        Raises:
            InvalidJourney: the document breaks a rule, or is of another journey.
            Conflict: others publish this journey at the same time; or `portfolio_full`.
        """
        if raw.get("name") != name:
            raise InvalidJourney([Problem("name", f"must be {name!r}, as in the path")])
        document = self._read(raw)
        digest = _digest(raw)
        versions = self._definitions.versions(name)
        if versions and versions[-1].digest == digest:
            self._gate.admit(document)  # it may have given its place away
            return versions[-1]
        self._gate.admit(document)
        compiled = compile_document(document, step_function_arn=self._step_function_arn)
        first = versions[-1].version + 1 if versions else 1
        for version in range(first, first + MAX_ATTEMPTS):
            arn = self._machines.create(name, version, compiled)
            if arn is None:
                continue
            definition = Definition(version, document, digest, arn, self._clock.now(), raw)
            if self._definitions.add(definition):
                return definition
            break
        raise Conflict(
            "published_meanwhile", f"journey {name!r} is being published by somebody else: try again"
        )

    def _read(self, raw: Mapping[str, Any]) -> Document:
        verdict = self._judge(raw)
        if verdict.document is None or verdict.problems:
            raise InvalidJourney(verdict.problems)
        return verdict.document

    def _judge(self, raw: Mapping[str, Any]) -> Verdict:
        verdict = judge(raw, self._attributes.known())
        if verdict.document is None:
            return verdict
        problems = [*verdict.problems, *self._gate.problems(verdict.document)]
        return replace(verdict, problems=problems)

    def validate(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """All that is wrong with a document, what may not be meant, and its picture as soon as it can be walked."""
        verdict = self._judge(raw)
        answer: dict[str, Any] = {"valid": not verdict.problems, "problems": _told(verdict.problems)}
        warnings = verdict.warnings
        if verdict.document is not None:
            others = {
                name: definition.document
                for name, definition in newest_versions(self._definitions.all()).items()
            }
            warnings = [*warnings, *calls_in_vain(verdict.document, others)]
            answer["diagram"] = _pictures(verdict.document)
        return {**answer, "warnings": _told(warnings)}

    def catalogue(self) -> list[dict[str, Any]]:
        """The newest version of each journey, by name."""
        return [
            {
                "name": name,
                "title": d.document.title,
                "objective": d.document.objective,
                "angle": d.document.angle,
                "kpi": d.document.kpi,
                "needed_data": d.document.brief.needed_data if d.document.brief else [],
                **_version(d),
            }
            for name, d in sorted(newest_versions(self._definitions.all()).items())
        ]

    def version(self, name: str, number: str) -> dict[str, Any]:
        """A version as it was published, and its pictures.

        Raises:
            NotFound: it never was.
        """
        if not (number.isascii() and number.isdecimal() and len(number) < 10):
            raise NotFound("unknown_journey", f"there is no version {number!r}")
        found = self._definitions.get(name, int(number))
        return {
            "name": name,
            **_version(found),
            "document": found.raw,
            "diagram": {"mermaid": mermaid(found.document), "dot": dot(found.document)},
        }

    def show(self, name: str) -> dict[str, Any]:
        """A journey's document, versions and pictures.

        Raises:
            NotFound: nothing was published under that name.
        """
        versions = versions_of(self._definitions, name)
        newest = versions[-1]
        return {
            "name": name,
            **_version(newest),
            "document": newest.raw,
            "versions": [_version(d) for d in versions],
            "diagram": _pictures(newest.document),
        }


def _told(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [{"path": problem.path, "message": problem.message} for problem in problems]


def _pictures(document: Document) -> dict[str, str]:
    return {"mermaid": mermaid(document), "dot": dot(document)}


def _version(definition: Definition) -> dict[str, Any]:
    return {
        "version": definition.version,
        "digest": definition.digest,
        "state_machine_arn": definition.state_machine_arn,
        "published_at": to_iso(definition.published_at),
    }


def _digest(raw: Mapping[str, Any]) -> str:
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()[:32]
