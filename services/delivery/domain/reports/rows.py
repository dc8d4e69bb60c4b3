"""What one message adds to the rows of reports: a function of the message as it stands, so that a change adds the
difference of two of them, and the sum is right however the message got where it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from services.delivery.domain.message import Message

MARKS = (
    "delivered",
    "bounced",
    "soft_bounced",
    "opened",
    "clicked",
    "complained",
    "unsubscribed",
    "machine_opened",
    "machine_clicked",
    "converted",
)
"""Feedback that is counted, each message once. What machines did stands apart, and is in no rate."""

SKIPPED = "skipped_"
"""Before the reason for which messages were held back."""

REVENUE = "revenue_"
"""Before the currency of what conversions brought, in hundredths."""

_AT_MAILBOXES = frozenset({"sent", *MARKS})
_FATES = ("sent", "skipped", "failed")

Counts = Mapping[str, int]
"""How much of each measure."""


@dataclass(frozen=True, order=True, kw_only=True)
class RowKey:
    """One line of a report. `day` is a UTC date; `variant` are the arms that the walk had taken; `campaign` is the
    journey where it is a campaign. A row with a `mailbox` says what came of e-mail there, over all journeys."""

    day: str
    journey: str = ""
    node: str = ""
    variant: str = ""
    campaign: str = ""
    objective: str = ""
    angle: str = ""
    template: str = ""
    channel: str = ""
    mailbox: str = ""

    def over_all_days(self) -> RowKey:
        """The row that sums up all days."""
        return replace(self, day="")


@dataclass(frozen=True)
class Row:
    """A row with its numbers; over all days its key has no day."""

    key: RowKey
    numbers: Counts


def counted(message: Message) -> dict[RowKey, Counter[str]]:
    """All that a message counts for: what it is, on the day on which it became so."""
    rows: dict[RowKey, Counter[str]] = {}
    for moment, name, amount in _numbers(message):
        own = _row(message, moment[:10])
        rows.setdefault(own, Counter())[name] += amount
        if message.mailbox and name in _AT_MAILBOXES:
            at = RowKey(day=own.day, channel=message.channel, mailbox=message.mailbox)
            rows.setdefault(at, Counter())[name] += amount
    return rows


def added(old: Message | None, new: Message) -> dict[RowKey, Counts]:
    """What a change of a message adds to rows; what stands elsewhere by now is taken back where it was."""
    change = counted(new)
    for key, numbers in (counted(old) if old else {}).items():
        change.setdefault(key, Counter()).subtract(numbers)
    found = {key: {name: n for name, n in sorted(by.items()) if n} for key, by in change.items()}
    return {key: by for key, by in sorted(found.items()) if by}


def _numbers(message: Message) -> Iterator[tuple[str, str, int]]:
    if message.status != "observed":
        yield message.requested_at, "requested", 1
    if message.status in _FATES:
        yield message.updated_at, message.status, 1
    if message.status == "skipped":
        yield message.updated_at, f"{SKIPPED}{message.reason}", 1
    if message.status == "sent":
        yield message.updated_at, "units", max(1, message.units)
        if message.inactive:
            yield message.updated_at, "sent_inactive", 1
    for kind in MARKS:
        if kind in message.marks:
            yield message.marks[kind], kind, 1
    if message.revenue and "converted" in message.marks:
        yield message.marks["converted"], f"{REVENUE}{message.currency}", message.revenue


def _row(message: Message, day: str) -> RowKey:
    return RowKey(
        day=day,
        journey=message.journey,
        node=message.node,
        variant=message.variant,
        campaign=message.campaign,
        objective=message.objective,
        angle=message.angle,
        template=message.template,
        channel=message.channel,
    )
