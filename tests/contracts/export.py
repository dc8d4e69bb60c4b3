"""Write the JSON Schema of every contract to docs/events: `python -m tests.contracts.export`."""

from __future__ import annotations

import json

from services.shared.contracts.catalogue import FACTS
from tests.contracts.test_contracts import SCHEMAS

if __name__ == "__main__":
    SCHEMAS.mkdir(parents=True, exist_ok=True)
    for fact in FACTS:
        schema = json.dumps(fact.model_json_schema(), indent=2, sort_keys=True)
        (SCHEMAS / f"{fact.detail_type}.json").write_text(schema + "\n")
