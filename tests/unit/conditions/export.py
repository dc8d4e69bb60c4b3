"""Write the JSON Schema of conditions to docs: `python -m tests.unit.conditions.export`."""

from __future__ import annotations

from tests.unit.conditions.test_documentation import SCHEMA, written

if __name__ == "__main__":
    SCHEMA.write_text(written())
