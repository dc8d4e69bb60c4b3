"""The synthesized templates of a stage, made once a session by the real CDK CLI (cdk-nag included)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
Resources = dict[str, dict[str, Any]]


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


def synth(stage: str, folder: Path) -> Assembly:
    done = subprocess.run(
        ["node_modules/.bin/cdk", "synth", "--quiet", "-c", f"stage={stage}", "-o", str(folder)],
        cwd=ROOT,
        env={**os.environ, "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Assembly(folder)


@pytest.fixture(scope="session")
def assembly_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Assembly]:
    made: dict[str, Assembly] = {}

    def get(stage: str) -> Assembly:
        if stage not in made:
            made[stage] = synth(stage, tmp_path_factory.mktemp(f"cdk-{stage}"))
        return made[stage]

    return get


@pytest.fixture(scope="session")
def prod(assembly_of: Callable[[str], Assembly]) -> Assembly:
    """A stage in an AWS account."""
    return assembly_of("prod")


@pytest.fixture(scope="session")
def local(assembly_of: Callable[[str], Assembly]) -> Assembly:
    """The embedded default."""
    return assembly_of("local")
