"""What delivery needs from the outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from services.delivery.domain.channel_terms import ChannelTerms
from services.delivery.domain.choice import Standing
from services.delivery.domain.contact import Contact, Gone
from services.delivery.domain.message import Message
from services.delivery.domain.offers import Offer
from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.pressure.pace import Bucket
from services.delivery.domain.pressure.pauses import Circuit, Pause, Shares
from services.delivery.domain.pressure.policy import Calendar, InForce, PressurePolicy
from services.delivery.domain.prices import Prices
from services.delivery.domain.products import Listed, Product
from services.delivery.domain.protocol import Answer
from services.delivery.domain.tastes import Taste
from services.delivery.domain.templates.documents import Template
from services.delivery.domain.templates.rendering import Rendered
from services.shared.contracts.consent import ConsentChange

Secret = Callable[[], str]
"""A secret, read when it is needed, so that a rotation reaches running functions."""

ClaimVerdict = Literal["claimed", "taken", "crowded", "moved"]
"""`taken`: someone else has or had the message; `crowded`: another message of the person came between; `moved`: a gate
changed since it was read."""


class Stale(Exception):
    """A conditional update lost; `current` is what stands there (`None`: nothing)."""

    def __init__(self, current: Message | None) -> None:
        super().__init__("the message changed meanwhile")
        self.current = current


Place = tuple[str, str]
"""Where a message stands in its person's history: when it was claimed (asked for, if it never was), and its send id."""


class Messages(Protocol):
    """The ledger of messages."""

    def create(self, message: Message) -> Message:
        """Keep a new message; an existing one of that id stays and is returned."""
        ...

    def get(self, send_id: str) -> Message | None:
        """The message as it stands now."""
        ...

    def known(self, send_ids: Iterable[str]) -> dict[str, Message]:
        """Those of the messages that are kept, as they stood a moment ago."""
        ...

    def update(self, seen: Message, new: Message) -> None:
        """Write the difference; a message that was pending need not be there yet.

        Raises:
            Stale: the message no longer is what was seen, in its state or in a field that would change.
        """
        ...

    def claim(self, seen: Message, new: Message, ledger: Ledger) -> ClaimVerdict:
        """Consent, suppression, contact pressure and claim at once; `ledger` is the person's with this message in it,
        at the revision that was read, and that before the gates: it moves on when one of these does. The message may
        be written a moment later, by the same call, on condition that `seen` still stands; and not at all where it is
        `listed` and was not kept before: `update` keeps it with the answer."""
        ...

    def open_before(self, moment: datetime) -> Iterable[str]:
        """Send ids whose fate has been open since before `moment`, oldest first."""
        ...

    def retry_before(self, moment: datetime) -> Iterable[str]:
        """Send ids that wait for another attempt since the last one began, or were held until a time, before `moment`;
        ordered alike."""
        ...

    def of_profile(self, profile_id: str, limit: int) -> list[Message]:
        """A profile's latest messages, newest first; a moment old."""
        ...

    def history(self, profile_id: str, before: Place | None = None) -> Iterator[tuple[Place, Message]]:
        """All of them, or those before a place: each once, with the place that it has for good."""
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


class Ledgers(Protocol):
    """What each person (a profile, or an address key) was sent lately, and what waits for them."""

    def get(self, subject: str) -> Ledger:
        """As it stands now."""
        ...

    def keep(self, subject: str, ledger: Ledger) -> bool:
        """Write it, unless it is not at its revision any more (`False`)."""
        ...

    def note_active(self, subject: str, at: datetime) -> None:
        """The person opened or clicked something; told again, or older than what is known, it counts for nothing."""
        ...

    def join(self, loser: str, winner: str) -> None:
        """Let what `loser` was sent count for `winner`, once; it stays a message of the loser's."""
        ...


class Policies(Protocol):
    """The pressure policy."""

    def current(self) -> InForce | None:
        """The one in force; `None`: nobody gave one."""
        ...

    def put(self, policy: PressurePolicy, calendar: Calendar, seen: int, at: datetime) -> None:
        """Keep a new version after version `seen`.

        Raises:
            Conflict: that is not the newest.
        """
        ...

    def put_calendar(self, calendar: Calendar, seen: int) -> None:
        """Replace the calendar of version `seen`."""
        ...


@dataclass(frozen=True)
class Stance:
    """What holds for every message: the policy (`None`: nobody gave one), the open circuits by channel, the brakes and
    guards by name, and when the tables came back from a backup (empty: never)."""

    in_force: InForce | None = None
    circuits: Mapping[str, Circuit] = field(default_factory=dict)
    pauses: Mapping[str, Pause] = field(default_factory=dict)
    restored_at: str = ""


class Pauses(Protocol):
    """Brakes, guards and circuits; and the tickets of canaries."""

    def read(self) -> Stance:
        """All that holds now."""
        ...

    def put(self, pause: Pause, seen: Pause | None) -> bool:
        """Keep how a brake or guard stands; `False`: it is not as it was seen."""
        ...

    def put_circuit(self, channel: str, circuit: Circuit, seen: Circuit | None) -> bool:
        """Open a circuit, or leave it open longer; `False`: it is not as it was seen."""
        ...

    def close_circuit(self, channel: str) -> None:
        """The provider takes messages again."""
        ...

    def put_restored(self, at: datetime) -> None:
        """Note that the tables came back from a backup."""
        ...

    def ticket(self, name: str, most: int, at: datetime) -> bool:
        """Let one more message go with the canary, at most `most` of all; `False`: it is full."""
        ...

    def full_since(self, name: str, most: int) -> datetime | None:
        """When the canary's last ticket was taken; `None`: there are more."""
        ...


class Tallies(Protocol):
    """What was sent and what came of it, exactly."""

    def by_journey(self) -> Mapping[tuple[str, str], Shares]:
        """Of each journey and channel, ever."""
        ...

    def of_day(self, day: str) -> Mapping[str, Shares]:
        """Of each channel on a day (UTC)."""
        ...


class Buckets(Protocol):
    """The allowances of channels."""

    def get(self, channel: str) -> tuple[Bucket, int]:
        """A channel's, with its revision."""
        ...

    def put(self, channel: str, bucket: Bucket, seen: int) -> bool:
        """Write it, unless it is not at that revision any more (`False`)."""
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
        """When messages of which class and channel were sent to a profile or an address key, as far as that counts; and
        in which hours (UTC) they were read."""
        ...

    def disown(self, address_keys: Iterable[str], profile_ids: Iterable[str]) -> int:
        """Forget that addresses belong to any of these profiles; how many did."""
        ...

    def settled(self, profile_id: str, since: datetime) -> int | None:
        """The revision of a profile's ledger; `None` while a message that was claimed since then is not kept."""
        ...

    def close(self, profile_id: str, revision: int, at: datetime) -> int | None:
        """Forget a profile's ledger and list of messages, and let no claim pass that looked at it before; how many
        there were. `None`: it is not at that revision any more."""
        ...

    def forget_pressure(self, address_key: str) -> int:
        """Forget what was sent to an address without a profile; how many ledgers there were."""
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
        """The home country and receivers; some seconds old at most."""
        ...

    def prices(self) -> Prices:
        """What messages cost; some seconds old at most."""
        ...
