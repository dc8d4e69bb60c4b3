"""The pages of docs: numbers of decisions, links, and the files that they name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))


def links(page: Path) -> Iterator[str]:
    """Where a page's own links lead, without those to other sites."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" not in target:
            yield target


def headings(page: Path) -> set[str]:
    """The anchors of a page, as they are made of its headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_no_two_decisions_have_a_number() -> None:
    numbers = Counter(page.name[:4] for page in DECISIONS)
    assert [number for number, times in numbers.items() if times > 1] == []
    assert [page.name for page in DECISIONS if not page.read_text().startswith(f"# {page.name[:4]} ")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in headings(target)):
            lost.append(link)
    assert lost == []


def test_every_file_that_architecture_names_exists() -> None:
    """`domain/x.py` and `service/x.py` are of the service that was named last."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    service, lost = "", []
    for name in re.findall(r"`([\w/]+\.py)`", text):
        if found := re.match(r"services/(\w+)/", name):
            service = found[1]
        if not any((base / name).exists() for base in _bases(service)):
            lost.append(name)
    assert lost == []


def _bases(service: str) -> list[Path]:
    return [ROOT, ROOT / "services" / service, ROOT / "services" / service / "handlers"]
