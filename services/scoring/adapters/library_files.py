"""The library as it comes with the service: a JSON file a template."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from services.scoring.domain.library import Template

FOLDER = Path(__file__).parents[1] / "library"


@cache
def templates() -> Mapping[str, Template]:
    """All of them, by the name of the file.

    Raises:
        pydantic.ValidationError: a file is no template; a bug of ours.
    """
    files = sorted(FOLDER.glob("*.json"), key=lambda file: file.stem)
    return {file.stem: Template.model_validate_json(file.read_text()) for file in files}
