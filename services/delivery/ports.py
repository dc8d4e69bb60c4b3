"""What delivery needs from the outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

from services.delivery.domain.channel_terms import ChannelTerms
from services.delivery.domain.choice import Standing
from services.delivery.domain.contact import Contact, Gone
from services.delivery.domain.message import Message
from services.delivery.domain.offers import Offer
from services.delivery.domain.outcomes import RowKey
from services.delivery.domain.products import Listed, Product
from services.delivery.domain.protocol import Answer
from services.delivery.domain.tastes import Taste
from services.delivery.domain.templates.documents import Template
from services.delivery.domain.templates.rendering import Rendered
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


class Tastes(Protocol):
    """What people have and look at."""

    def of(self, profile_id: str) -> Taste:
        """What is known; of nobody, nothing."""
        ...

    def keep(self, profile_id: str, taste: Taste) -> bool:
        """Write what was learned since `taste.revision`, or drop it for an erased person; `False`: another write came
        first."""
        ...

    def forget(self, profile_id: str, at: datetime) -> bool:
        """Forget it, and learn nothing for 90 days; was there anything?"""
        ...


@dataclass(frozen=True)
class StoredOffer:
    """An offer as it stands; `revision` counts its changes."""

    name: str
    revision: int
    offer: Offer


class Catalogue(Protocol):
    """Products and offers to show."""

    def listed(self, product_ids: Sequence[str]) -> Mapping[str, Listed]:
        """What is known of these products."""
        ...

    def of_category(self, name: str) -> list[str]:
        """Some products of a category."""
        ...

    def offer(self, name: str) -> StoredOffer | None:
        """An offer."""
        ...


class CatalogueStore(Catalogue, Protocol):
    """The same, to be written."""

    def in_use(self) -> bool:
        """Was a product ever kept?"""
        ...

    def put_product(self, product_id: str, product: Product) -> None:
        """Keep a product.

        Raises:
            Conflict: somebody else changed it at the same moment.
        """
        ...

    def count_together(self, basket: Sequence[str]) -> None:
        """Count that these products were bought together."""
        ...

    def offers(self) -> list[StoredOffer]:
        """All of them."""
        ...

    def put_offer(self, name: str, offer: Offer) -> int:
        """Keep an offer; its revision.

        Raises:
            Conflict: somebody else changed it at the same moment.
        """
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


@dataclass(frozen=True)
class Versions:
    """The active version of a template, and every (number, moment)."""

    active: int
    kept: Sequence[tuple[int, str]]


class Templates(Protocol):
    """Template documents by name."""

    def active(self, name: str) -> Template | None:
        """The version that is sent."""
        ...

    def version(self, name: str, number: int) -> Template | None:
        """One version."""
        ...

    def versions(self, name: str) -> Versions | None:
        """Which there are; `None`: no such template."""
        ...

    def put(self, template: Template, at: datetime, *, activate: bool) -> int:
        """Keep a document as the newest version unless it already is that and active; its number. The first one is
        active in any case.

        Raises:
            Conflict: somebody else changed the template at the same moment.
            TooLarge: the document does not fit.
        """
        ...

    def activate(self, name: str, number: int) -> None:
        """Make a version, older or newer, the one that is sent.

        Raises:
            NotFound: there is none.
            Conflict: somebody else changed the template at the same moment.
        """
        ...

    def all(self) -> list[Template]:
        """The active version of each."""
        ...

    def landing_pages(self) -> list[str]:
        """Where campaigns lead to."""
        ...

    def put_landing_pages(self, pages: Sequence[str]) -> None:
        """Replace them."""
        ...

    def test_addresses(self) -> list[str]:
        """Where tests may be sent to."""
        ...

    def put_test_addresses(self, addresses: Sequence[str]) -> None:
        """Replace them."""
        ...


@dataclass(frozen=True)
class Outgoing:
    """One message ready to leave; `name` is how a letter addresses the person, where it is known."""

    send_id: str
    to: str
    content: Rendered
    commercial: bool
    unsubscribe_url: str
    at: datetime
    profile_id: str = ""
    template: str = ""
    journey: str = ""
    name: str = ""


class Sender(Protocol):
    """A provider of one channel."""

    def send(self, outgoing: Outgoing) -> Answer:
        """Attempt once, never twice; every outcome is a value."""
        ...


class Channels(Protocol):
    """What the marketer says of channels."""

    def terms(self) -> ChannelTerms:
        """Prices, the home country and receivers; some seconds old at most."""
        ...


class Counters(Protocol):
    """Report rows that count each batch once."""

    def add(self, batch_id: str, counts: Mapping[RowKey, Mapping[str, int]], at: datetime) -> None:
        """Add a batch's counts, unless that batch has been counted."""
        ...

    def totals(self) -> Sequence[Mapping[str, Any]]:
        """One row per journey, template and channel, over all days."""
        ...

    def of_day(self, journey: str, day: date) -> Sequence[Mapping[str, Any]]:
        """A journey's rows of one day (UTC), one per template and channel."""
        ...
