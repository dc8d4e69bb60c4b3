"""Test results as JUnit's XML, which CI systems read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as Xml

from halte.journeys.testing import Verdict


def write_junit(file: Path, verdicts: Sequence[Verdict]) -> None:
    """Writes one suite of all tests."""
    failed = sum(bool(verdict.failures) for verdict in verdicts)
    suite = Xml.Element(
        "testsuite", name="journeys", tests=str(len(verdicts)), failures=str(failed), errors="0"
    )
    for verdict in verdicts:
        case = Xml.SubElement(suite, "testcase", classname=verdict.file.stem, name=verdict.name)
        if verdict.failures:
            failure = Xml.SubElement(case, "failure", message=verdict.failures[0].splitlines()[0])
            failure.text = "\n".join([*verdict.failures, verdict.traces])
    Xml.ElementTree(suite).write(file, encoding="utf-8", xml_declaration=True)
