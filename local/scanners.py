"""Scanners of mail open every link before its reader does. Tried out on links nobody used yet: nothing may change."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from local.accounting import Check
from local.town import Town
from local.visits import confirm

ADDRESS, READER = "scanned@example.com", "reader@example.com"
AGENTS = (
    ("HEAD", "Barracuda Sentinel (EE)"),
    ("GET", "Mozilla/5.0 (compatible; Proofpoint URL Defense)"),
    ("GET", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/140.0 Safari/537.36"),
)


@dataclass(frozen=True)
class Visit:
    """A scanner's request of a page, and what it was answered."""

    page: str
    method: str
    agent: str
    status: int


@dataclass(frozen=True)
class Scan:
    """`items` of ledger and evidence before the visits, whether they were `unchanged` after them, and how many there
    were once the person had pressed the button that the scanners saw."""

    visits: Sequence[Visit]
    items: int
    unchanged: bool
    pressed: int


def hold(town: Town) -> Scan:
    """Let scanners open the links of somebody's newsletter, and that of somebody who has yet to confirm; who then does.

    Raises:
        TimeoutError: a mail did not come.
    """
    reader = town.permitting([READER])
    town.ask_for(reader, "scanned")
    town.mails(reader, 2)
    news = town.recorded(READER)
    town.sign_up(ADDRESS)
    asked = town.recorded(ADDRESS).confirm_url
    before = sorted(map(repr, town.ledger()))
    links = (asked, news.unsubscribe_url, news.preferences_url)
    visits = [_visit(link, method, agent) for link in links for method, agent in AGENTS]
    unchanged = sorted(map(repr, town.ledger())) == before
    confirm(asked)
    return Scan(visits, len(before), unchanged, len(town.ledger()))


def _visit(link: str, method: str, agent: str) -> Visit:
    request = urllib.request.Request(link, method=method, headers={"User-Agent": agent})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status = int(answer.status)
    except urllib.error.HTTPError as refused:
        status = refused.code
        refused.close()
    page = urlsplit(link).path.rpartition("$default")[2]  # the emulator's URLs have the stage in them
    return Visit(page, method, agent, status)


def checks(seen: Scan) -> list[Check]:
    """What the books hold of it."""
    pages = len({visit.page for visit in seen.visits})
    return [
        Check(
            "scanners that open every link change nothing",
            seen.unchanged and all(visit.status == 200 for visit in seen.visits),
            f"{len(seen.visits)} visits of {pages} pages, {seen.items} items in ledger and evidence before and after",
        ),
        Check(
            "the button on a page that scanners opened still counts",
            seen.pressed > seen.items,
            f"{seen.items} items, then {seen.pressed}",
        ),
    ]
