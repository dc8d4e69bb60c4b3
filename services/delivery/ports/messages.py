"""Messages as they are kept, and whoever takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from services.delivery.domain.message import Message
from services.delivery.domain.pressure.ledger import Ledger
from services.delivery.domain.protocol import Answer
from services.delivery.domain.templates.rendered import Rendered

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
