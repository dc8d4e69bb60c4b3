"""Where a journey comes from: a file (YAML or JSON), the library, or the place that names it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.journeys.adapters.library_files import FOLDER, shelf
from services.journeys.domain.library import Ready
from services.journeys.domain.yaml_text import read_yaml
from services.shared.errors import Invalid
from services.simulations.domain.source import Source, Wording

YAML = (".yaml", ".yml")


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
