"""What delivery needs from the outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from services.delivery.domain.choice import Standing
from services.delivery.domain.contact import Contact, Gone
from services.delivery.domain.message import Message
from services.delivery.domain.protocol import Answer
from services.delivery.domain.reports.once import Change
from services.delivery.domain.reports.prices import PriceList
from services.delivery.domain.reports.rows import Row
from services.delivery.domain.template import Rendered, Template, TemplateDocument
from services.shared.contracts.consent import ConsentChange

Secret = Callable[[], str]
"""A secret, read when it is needed, so that a rotation reaches running functions."""

ClaimVerdict = Literal["claimed", "taken", "capped", "moved", "merged"]
"""`taken`: someone else has or had the message; `capped`: contact pressure; `moved`: a gate changed since it was
read; `merged`: the person has, or had today, the message of that journey node under the profile before the merge."""


class Stale(Exception):
    """A conditional update lost; `current` is what stands there (`None`: nothing)."""

    def __init__(self, current: Message | None) -> None:
        super().__init__("the message changed meanwhile")
        self.current = current


class Messages(Protocol):
    """The ledger of messages."""

    def create(self, message: Message) -> Message:
        """Keep a new message; an existing one of that id stays and is returned."""
        ...

    def get(self, send_id: str) -> Message | None:
        """The message as it stands now."""
        ...

    def update(self, seen: Message, new: Message) -> None:
        """Write the difference.

        Raises:
            Stale: the message no longer is what was seen, in its state or in a field that would change.
        """
        ...

    def claim(self, seen: Message, new: Message, cap: int) -> ClaimVerdict:
        """Consent, suppression, contact pressure and claim in one transaction; `cap` is the day's limit."""
        ...

    def open_before(self, moment: datetime) -> Iterable[str]:
        """Send ids whose fate has been open since before `moment`, oldest first within a partition."""
        ...

    def retry_before(self, moment: datetime) -> Iterable[str]:
        """Send ids that wait for another attempt since the last one began, or were held until a time, before `moment`;
        ordered alike."""
        ...

    def of_profile(self, profile_id: str, limit: int) -> list[Message]:
        """A profile's latest messages, newest first; a moment old."""
        ...

    def forget(self, send_id: str) -> None:
        """Remove a message; again is the same."""
        ...


class Gates(Protocol):
    """Delivery's copies of contacts and permissions, and its suppressions."""

    def contacts(self, profile_ids: Iterable[str]) -> dict[str, Contact | Gone]:
        """The contacts that are known, by profile, or what became of the profile."""
        ...

    def reach(self, profile_ids: Iterable[str]) -> dict[str, Contact | Gone]:
        """The same, of whoever the profiles are by now: a merged one has its winner's contact."""
        ...

    def standings(self, addresses: Mapping[str, tuple[str, str]], purpose: str) -> dict[str, Standing]:
        """What is known of each (address, address key) by channel, read consistently."""
        ...

    def keep_contact(self, contact: Contact, keys: Mapping[str, str]) -> bool:
        """Keep a newer contact and that its address keys (by channel) are this profile's; `False`: not newer, or the
        profile is gone."""
        ...

    def leave(self, profile_id: str, gone: Gone) -> bool:
        """Note that a profile is gone, instead of its contact; `False`: it was given back since."""
        ...

    def counted(self, subject: str, days: Sequence[str]) -> int:
        """Messages that need permission and were counted for a profile or an address key on these days (UTC)."""
        ...

    def add_pressure(self, loser: str, winner: str) -> None:
        """Let contact pressure on `loser` count for `winner`, once."""
        ...

    def keep_permission(self, change: ConsentChange) -> bool:
        """Keep a newer permission; `False`: not newer."""
        ...

    def owner(self, address_key: str) -> str:
        """The profile that an address belongs to by now, or empty."""
        ...

    def note_address(self, address_key: str, send_id: str, until: datetime) -> None:
        """Remember until then that a message without a profile holds this address."""
        ...

    def suppress(self, address_key: str, channel: str, reason: str, at: datetime) -> None:
        """Never send there again; a complaint outlives any other reason."""
        ...


class Traces(Protocol):
    """What else there is of one person, beside the contact and messages."""

    def every_message(self, profile_id: str) -> Iterator[Message]:
        """A profile's messages, newest first; a moment old."""
        ...

    def addressed(self, address_key: str) -> list[str]:
        """Send ids of messages that may hold this address, though they belong to no profile."""
        ...

    def about_address(self, address_key: str) -> list[dict[str, Any]]:
        """Suppressions (`suppressed`) and permissions (`permission`) of an address, as JSON."""
        ...

    def pressure(self, subject: str) -> list[dict[str, Any]]:
        """Messages a day and class that were counted for a profile or an address key."""
        ...

    def disown(self, address_keys: Iterable[str], profile_ids: Iterable[str]) -> int:
        """Forget that addresses belong to any of these profiles; how many did."""
        ...

    def forget_pressure(self, subject: str) -> int:
        """Forget what was counted; how many counters there were."""
        ...

    def forget_addressed(self, address_key: str, send_id: str) -> None:
        """Forget that a message held the address."""
        ...


class Templates(Protocol):
    """Template documents by name."""

    def latest(self, name: str) -> Template | None:
        """The newest version."""
        ...

    def put(self, name: str, document: TemplateDocument, at: datetime) -> int:
        """Keep a document as the newest version unless it already is; the version."""
        ...

    def all(self) -> list[Template]:
        """The newest version of each."""
        ...

    def landing_pages(self) -> list[str]:
        """Where campaigns lead to."""
        ...

    def put_landing_pages(self, pages: Sequence[str]) -> None:
        """Replace them."""
        ...


@dataclass(frozen=True)
class Outgoing:
    """One message ready to leave."""

    send_id: str
    to: str
    content: Rendered
    commercial: bool
    unsubscribe_url: str
    at: datetime


class Sender(Protocol):
    """A provider of one channel."""

    def send(self, outgoing: Outgoing) -> Answer:
        """Attempt once, never twice; every outcome is a value."""
        ...


class Counters(Protocol):
    """Report rows that count each change once."""

    def count(self, batch: Sequence[Change], at: datetime) -> None:
        """Add what a batch of a stream adds, unless that is counted, however the batch is cut when it comes again."""
        ...

    def totals(self) -> Sequence[Row]:
        """All rows, each over all days."""
        ...

    def days(self, days: Iterable[date], *, mailboxes: bool = False) -> Sequence[Row]:
        """The rows of some days (UTC); those of `mailboxes` stand apart."""
        ...

    def of_day(self, journey: str, day: date) -> Sequence[Row]:
        """A journey's rows of one day (UTC)."""
        ...


class OutcomeLines(Protocol):
    """The lines of reports in the lake."""

    def put(self, days: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Write the lines of some days; the same ones again change nothing."""
        ...


class DayMoved(Exception):
    """Somebody else has worked a day of lines up meanwhile."""


class OutcomeStore(Protocol):
    """The lines of reports as objects: raw ones, and one part of each finished day."""

    def raw(self) -> Mapping[date, list[str]]:
        """The keys of raw objects, by day."""
        ...

    def parts(self) -> Mapping[date, list[str]]:
        """The keys of parts, by day; of a day at rest there is one."""
        ...

    def fetch(self, keys: Iterable[str], folder: Path) -> list[Path]:
        """Copy objects into a folder.

        Raises:
            DayMoved: one is not there any more.
        """
        ...

    def store(self, key: str, source: Path) -> None:
        """Write a part."""
        ...

    def remove(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are gone already are no error."""
        ...


class OutcomeFiles(Protocol):
    """Files of lines: raw ones and parts."""

    def write(self, raw: Sequence[Path], parts: Sequence[Path], target: Path) -> int:
        """Make one part of all lines, each once; how many."""
        ...

    def rows(
        self,
        settled: Sequence[Path],
        raw: Sequence[Path] = (),
        parts: Sequence[Path] = (),
        *,
        by: Sequence[str],
        mailboxes: bool = False,
    ) -> list[Row]:
        """The sums by some dimensions (and `day`), units by day and channel as well, of lines in `settled` parts, where
        each is once, and of those in other files, where one may stand several times."""
        ...


class PriceLists(Protocol):
    """What messages cost."""

    def prices(self) -> Sequence[PriceList]:
        """All lists that were set."""
        ...

    def put_prices(self, prices: PriceList) -> None:
        """Keep a list, instead of one from the same day on."""
        ...
