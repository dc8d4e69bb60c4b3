"""Where a journey comes from: a file (YAML or JSON), the library, or the place that names it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from services.journeys.adapters.library_files import FOLDER, shelf
from services.journeys.domain.document import Document
from services.journeys.domain.library import Ready
from services.journeys.domain.parts import Name, Part
from services.journeys.domain.validation import InvalidJourney, judge, read_document
from services.journeys.domain.yaml_text import read_yaml
from services.shared.errors import Invalid
from services.shared.permission import MessageClass, needs_permission

YAML = (".yaml", ".yml")


class Wording(Part):
    """What matters here of a message: a commercial one needs the permission for `purpose`."""

    kind: MessageClass = Field(alias="class")
    purpose: Name | None = None

    @model_validator(mode="after")
    def _has_a_purpose(self) -> Self:
        if needs_permission(self.kind) is (self.purpose is None):
            raise ValueError("purpose belongs to messages that are no service, and each has one")
        return self


@dataclass(frozen=True)
class Source:
    """A journey as it is written, and what is known of its messages: nothing, unless the file says it as those of the
    library do."""

    origin: str
    raw: Mapping[str, Any]
    messages: Mapping[str, Wording]

    def document(self) -> Document:
        """The journey.

        Raises:
            Invalid: `wrong_file`, with all that is wrong with it.
        """
        try:
            return read_document(self.raw)
        except InvalidJourney as error:
            problems = "".join(f"\n  {one.path}: {one.message}" for one in error.problems)
            raise Invalid("wrong_file", f"{self.origin} is no valid journey:{problems}") from error

    def problems(self) -> tuple[list[str], list[str]]:
        """What keeps it from being published, and what may not be meant, by path."""
        verdict = judge(self.raw)
        return (
            [f"{one.path}: {one.message}" for one in verdict.problems],
            [f"{one.path}: {one.message}" for one in verdict.warnings],
        )


def read_source(said: str | Mapping[str, Any], beside: Path | None = None) -> Source:
    """A journey by the name of a file (relative ones stand `beside` the file that names them), by its name in the
    library, or as it is written on the spot.

    Raises:
        Invalid: `wrong_file`, there is no such file or journey, or it can't be read.
    """
    if not isinstance(said, str):
        return _source("the journey", said)
    if said in shelf():
        return _source(f"{said} of the library", read_object(FOLDER / f"{said}.yaml"))
    file = (beside or Path()) / said
    if not file.is_file():
        known = ", ".join(shelf())
        raise Invalid(
            "wrong_file", f"there is no file {file}, and the library has no {said!r} (it has {known})"
        )
    return _source(str(file), read_object(file))


def read_object(file: Path) -> dict[str, Any]:
    """The object that a YAML or JSON file says.

    Raises:
        Invalid: `wrong_file`.
    """
    try:
        text = file.read_bytes()
        said = read_yaml(text) if file.suffix in YAML else json.loads(text)
    except (OSError, ValueError) as error:
        raise Invalid("wrong_file", f"{file}: {error}") from error
    except Invalid as error:
        raise Invalid("wrong_file", f"{file}: {error.message}") from error
    if not isinstance(said, dict):
        raise Invalid("wrong_file", f"{file}: is no object")
    return said


def _source(origin: str, said: Mapping[str, Any]) -> Source:
    if "journey" not in said or "nodes" in said:
        return Source(origin, said, {})
    try:
        ready = Ready.model_validate(said)
    except ValidationError as error:
        raise Invalid("wrong_file", f"{origin}: {first_problem(error)}") from error
    wordings = {
        name: Wording.model_validate({"class": one.kind, "purpose": one.purpose})
        for name, one in ready.messages.items()
    }
    return Source(origin, ready.journey, wordings)


def first_problem(error: ValidationError) -> str:
    """The first of the things that are wrong with an object, by path."""
    one = error.errors()[0]
    path = ".".join(str(part) for part in one["loc"])
    return f"{path}: {one['msg']}" if path else str(one["msg"])
