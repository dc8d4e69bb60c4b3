"""docs/journey-tests.md: its example passes, and it names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from halte.journeys.cases import Given
from services.simulations.domain.happened import HEADLINE
from tests.unit.halte.journeys.test_command import run

PAGE = Path(__file__).parents[4] / "docs" / "journey-tests.md"


def test_the_example_passes(tmp_path: Path) -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    file = tmp_path / "hello.test.yaml"
    file.write_text(found[1])
    code, shown = run("test", file)
    assert code == 0, shown


def test_everything_that_can_be_given_and_expected_is_named() -> None:
    text = PAGE.read_text()
    for name in {*Given.model_fields, *HEADLINE}:
        assert re.search(rf"\b{name}\b", text), name
