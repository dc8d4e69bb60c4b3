"""Write the JSON Schema of journeys to docs, and the pictures anew: `python -m tests.unit.journeys.export`."""

from __future__ import annotations

from services.journeys.domain.validation import read_document
from tests.unit.journeys.documents import seed
from tests.unit.journeys.test_documentation import SCHEMA, written
from tests.unit.journeys.test_pictures import DOCUMENT, GOLDEN, PICTURES

if __name__ == "__main__":
    SCHEMA.write_text(written())
    for name, draw in PICTURES.items():
        (GOLDEN / name).write_text(draw(DOCUMENT))
        (GOLDEN / name.replace("every_kind", "welcome")).write_text(draw(read_document(seed("welcome"))))
