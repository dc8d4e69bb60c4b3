"""Writes the compiler's golden files anew: `python -m tests.unit.journeys.export_golden`; look at the difference."""

from __future__ import annotations

import json

from services.journeys.domain.compiler import compile_document
from services.journeys.domain.diagram import dot, mermaid
from services.journeys.domain.validation import read_document
from tests.unit.journeys.documents import seed
from tests.unit.journeys.test_compiler import ARN, GOLDEN, NODES, compiled, document_of

if __name__ == "__main__":
    machines = {kind: compile_document(document_of(kind), step_function_arn=ARN) for kind in NODES}
    machines |= {name: compiled(seed(name)) for name in ("welcome", "lapsed")}
    for name, machine in machines.items():
        (GOLDEN / f"{name}.json").write_text(json.dumps(machine, indent=2, ensure_ascii=False) + "\n")
    welcome = read_document(seed("welcome"))
    (GOLDEN / "welcome.mmd").write_text(mermaid(welcome))
    (GOLDEN / "welcome.dot").write_text(dot(welcome))
