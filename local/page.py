"""The web page of a run: the books, the checks, the report, the outbox and the journeys' pictures.

Plain HTML that needs no script; everything that came from outside is escaped, and mails are shown in a frame that may
do nothing.
"""

from __future__ import annotations

import email.policy
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from html import escape
from typing import Any

from local import consent_page, people_page, segments_page
from local.accounting import Books
from local.consent_page import Consent
from local.journeys_page import JourneyPages
from local.loopback import Handler, Loopback
from local.markup import Cell, page, table
from local.people_page import Shown
from local.segments_page import Group
from local.stand_in import Accepted
from local.trials import Tried
from services.shared.statistics import Share

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'"
)

HTML = "text/html; charset=utf-8"
Answer = tuple[int, str, str]
_UNDER_WAY = (
    "<p>The run goes on; books, people and messages are shown when it has come to rest. "
    '<a href="/journeys">Journeys can be watched now.</a></p>'
)


@dataclass
class Content:
    """What the page shows. `facts` are lines such as ("time", "73 s"); `pictures` maps a journey to its SVG."""

    books: Books
    facts: Sequence[tuple[str, str]]
    pictures: Mapping[str, str] = field(default_factory=dict)
    people: Sequence[Shown] = ()
    groups: Sequence[Group] = ()
    backfill: Mapping[str, Any] = field(default_factory=dict)
    consent: Consent | None = None
    tried: Tried | None = None


def door_rows(books: Books) -> list[list[Cell]]:
    """One row per door."""
    return [
        [
            account.door,
            account.accepted,
            account.applied,
            account.duplicate,
            account.unasked,
            sum(account.rejected.values()),
            ", ".join(f"{reason} {n}" for reason, n in sorted(account.rejected.items())),
            account.dead_lettered,
            account.missing,
        ]
        for account in books.doors
    ]


DOOR_HEAD = (
    "door",
    "accepted",
    "applied",
    "duplicate",
    "unasked",
    "rejected",
    "why",
    "dead-lettered",
    "missing",
)
MESSAGE_COLUMNS = (
    "requested",
    "sent",
    "delivered",
    "opened",
    "clicked",
    "bounced",
    "complained",
    "unsubscribed",
    "skipped",
    "failed",
)


_OUTCOMES = {
    "delivered": "sent",
    "opened": "delivered",
    "clicked": "delivered",
    "unsubscribed": "delivered",
    "complained": "delivered",
}
"""What is told, and what it is a share of."""


def message_rows(books: Books) -> list[list[Cell]]:
    """One row per journey, template and channel."""
    return [
        [journey, template, channel, *(figures[column] for column in MESSAGE_COLUMNS)]
        for (journey, template, channel), figures in books.messages.items()
    ]


OUTCOME_HEAD = ("journey", "channel", "sent", *_OUTCOMES)


def outcome_rows(books: Books) -> list[list[Cell]]:
    """One row per journey and channel, and one for all: of what was sent or delivered, how much came to what."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    for (journey, _, channel), figures in books.messages.items():
        if figures["sent"]:
            for key in ((journey, channel), ("all", "all")):
                sums.setdefault(key, Counter()).update(figures)
    rows: list[list[Cell]] = []
    for (journey, channel), figures in sorted(sums.items(), key=lambda one: (one[0][0] == "all", one[0])):
        rates = [_rate(figures[name], figures[of]) for name, of in _OUTCOMES.items()]
        rows.append([journey, channel, figures["sent"], *rates])
    return rows


def _rate(hits: int, of: int) -> str:
    share = Share(hits, max(hits, of))
    interval = share.interval()
    if not share.of:
        return ""
    return f"{100 * share.rate:.1f}% ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def journey_rows(books: Books) -> list[list[Cell]]:
    """One row per journey version: entries, executions, transitions, and both per 1,000 entries.

    Early wakes are the slowed virtual clock's doing: the last column leaves out what they cost, as a real clock does.
    """
    rows: list[list[Cell]] = []
    for machine in books.machines:
        entries = books.entries[machine.name.rpartition("-v")[0]]
        executions = sum(machine.executions.values())
        rows.append(
            [
                machine.name,
                entries,
                executions,
                machine.executions["RUNNING"],
                machine.transitions,
                machine.early,
                round(1000 * executions / entries) if entries else 0,
                round(1000 * machine.transitions / entries) if entries else 0,
                round(1000 * machine.steady_transitions / entries) if entries else 0,
            ]
        )
    return rows


JOURNEY_HEAD = (
    "journey",
    "entries",
    "executions",
    "of these waiting",
    "transitions",
    "early wakes",
    "executions per 1,000",
    "transitions per 1,000",
    "on a steady clock",
)


def overview(content: Content) -> str:
    """The first page."""
    books = content.books
    verdict = "All checks hold" if books.hold else "Some checks do not hold"
    checks = [["holds" if c.holds else "DOES NOT HOLD", c.name, c.detail] for c in books.checks]
    skipped: list[list[Cell]] = [[j, t, r, n] for (j, t, r), n in sorted(books.skipped.items())]
    parts = [
        f"<p>{escape(verdict)}. The recipients and their contact details are simulated; the purchases are real "
        "(CDNOW, 1997 to 1998).</p>",
        table("This run", ("what", "value"), content.facts),
        table("Where every accepted event went", DOOR_HEAD, door_rows(books)),
        table("Checks", ("verdict", "check", "figures"), checks),
        table("Messages", ("journey", "template", "channel", *MESSAGE_COLUMNS), message_rows(books)),
        table("What came of them, with the interval at 95 %", OUTCOME_HEAD, outcome_rows(books)),
        table("Messages held back", ("journey", "template", "reason", "messages"), skipped),
        table("Consent ledger", ("entry", "number"), sorted(Counter(books.ledger).items())),
        '<p><a href="/consent">One person\'s permissions, with their proof</a></p>'
        if content.consent
        else "",
        table("Journeys", JOURNEY_HEAD, journey_rows(books)),
        "".join(
            f'<h2>Journey {escape(name)}</h2><p><a href="/journeys/{escape(name)}">Who is where now</a></p>'
            f'<img src="/journeys/{escape(name)}.svg" '
            f'alt="The nodes of the journey {escape(name)} and the paths between them">'
            for name in content.pictures
        ),
    ]
    return page("Halte on this machine", "".join(parts))


def outbox(messages: Sequence[Accepted]) -> str:
    """Everything the providers took."""
    rows = "".join(
        f'<tr><th scope="row"><a href="/outbox/{m.number}">{m.number}</a></th><td>{escape(m.channel)}</td>'
        f"<td>{escape(m.to)}</td><td>{escape(_subject(m))}</td></tr>"
        for m in messages
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("message", "channel", "to", "subject or text"))
    return page(
        "Outbox",
        f"<table><caption>{len(messages):,} messages that left</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>",
    )


def message_page(message: Accepted) -> str:
    """One message as its recipient sees it, with the headers only a mail program sees."""
    rows = [("To", message.to), ("From", message.sender), ("Configuration set", message.configuration_set)]
    if message.mime is None:
        body = f"<h2>Text</h2><pre>{escape(message.text)}</pre>"
    else:
        mail = _parsed(message)
        rows += [(name, str(value)) for name, value in mail.items()]
        shown = _part(mail, "html")
        body = (
            "<h2>As the recipient sees it</h2>"
            f'<iframe sandbox="" title="The message" srcdoc="{escape(shown)}"></iframe>'
            f"<h2>As text</h2><pre>{escape(_part(mail, 'plain'))}</pre>"
        )
    tags = table("Tags for feedback", ("tag", "value"), sorted(message.tags.items()))
    return page(f"Message {message.number}", table("Headers", ("header", "value"), rows) + body + tags)


def _parsed(message: Accepted) -> EmailMessage:
    return BytesParser(policy=email.policy.default).parsebytes(message.mime or b"")


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else ""


def _subject(message: Accepted) -> str:
    return message.text if message.mime is None else str(_parsed(message).get("Subject", ""))


class Site(Loopback):
    """The pages on the loopback interface: journeys at any time, everything else once there is `content`."""

    def __init__(self, content: Content | None, port: int, journeys: JourneyPages | None = None) -> None:
        site = self

        class Showing(_Handler):
            owner = site

        super().__init__(Showing, name="page", port=port)
        self.content = content
        self._journeys = journeys

    def render(self, path: str, query: str = "") -> Answer | None:
        """Status, content type and body of a path; `None`: there is no such page."""
        if self._journeys and (found := self._journeys.render(path, query)):
            status, body = found
            return status, HTML, body
        if self.content is None:
            return (200, HTML, page("Halte on this machine", _UNDER_WAY)) if path == "/" else None
        kind, shown = HTML, self._shown(self.content, path)
        folder, _, name = path.strip("/").partition("/")
        if shown is None and folder == "journeys" and name.endswith(".svg"):
            kind, shown = "image/svg+xml", self.content.pictures.get(name.removesuffix(".svg"))
        return None if shown is None else (200, kind, shown)

    def _shown(self, content: Content, path: str) -> str | None:
        messages = content.books.outbox
        folder, _, name = path.strip("/").partition("/")
        if path == "/":
            return overview(content)
        if path == "/outbox":
            return outbox(messages)
        if folder == "outbox" and name.isdecimal() and 1 <= int(name) <= len(messages):
            return message_page(messages[int(name) - 1])
        if path == "/people":
            return people_page.people(content.people, content.books.merged)
        if path == "/segments":
            return segments_page.groups(content.groups, content.backfill)
        if folder == "consent" and content.consent:
            return _permissions(content.consent, content.tried, name)
        if folder == "people":
            return self._person(content, name)
        return None

    def _person(self, content: Content, profile_id: str) -> str | None:
        known = next((one for one in content.people if one.profile_id == profile_id), None)
        if known is None:
            return None
        return people_page.person(known, self._journeys.walked_by(profile_id) if self._journeys else "")


def _permissions(seen: Consent, tried: Tried | None, name: str) -> str | None:
    if name == "proof":
        return consent_page.printed(seen)
    return None if name else consent_page.consent(seen, tried)


class _Handler(Handler):
    owner: Site

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        found = self.owner.render(path, query)
        status, kind, body = found or (404, HTML, page("Not found", "<p>There is no such page.</p>"))
        headers = [
            ("Content-Type", kind),
            ("Content-Security-Policy", _POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
        ]
        self.reply(status, headers, body.encode())
