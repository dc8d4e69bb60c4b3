"""The library as it comes with the service: a YAML file a journey."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from services.journeys.domain.library import Ready
from services.journeys.domain.yaml_text import read_yaml

FOLDER = Path(__file__).parents[1] / "library"


@cache
def shelf() -> Mapping[str, Ready]:
    """All of them, by name; a file with a second suffix is about one and none itself.

    Raises:
        pydantic.ValidationError: a file is no ready-made journey; a bug of ours.
    """
    files = sorted(file for file in FOLDER.glob("*.yaml") if "." not in file.stem)
    return {file.stem: Ready.model_validate(read_yaml(file.read_bytes())) for file in files}
