"""Write the JSON Schema of journeys to docs: `python -m tests.unit.journeys.export`."""

from __future__ import annotations

from tests.unit.journeys.test_documentation import SCHEMA, written

if __name__ == "__main__":
    SCHEMA.write_text(written())
