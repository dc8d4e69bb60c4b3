"""The synthesized templates of a stage, made by the real CDK CLI (cdk-nag included) when a source has changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.support.templates import synthesise


@dataclass(frozen=True)
class Assembly:
    """The templates of every stack, by service (`platform` too)."""

    folder: Path

    @cached_property
    def templates(self) -> dict[str, dict[str, Any]]:
        return {
            path.name.split(".")[0].split("-")[2]: json.loads(path.read_text())
            for path in sorted(self.folder.glob("halte-*.template.json"))
        }

    def of_type(self, type_: str) -> list[tuple[str, str, dict[str, Any]]]:
        """(service, logical id, properties) of every resource of a type."""
        return [
            (service, logical_id, resource)
            for service, template in self.templates.items()
            for logical_id, resource in template["Resources"].items()
            if resource["Type"] == type_
        ]


@pytest.fixture(scope="session")
def prod() -> Assembly:
    """A stage in an AWS account."""
    return Assembly(synthesise())
