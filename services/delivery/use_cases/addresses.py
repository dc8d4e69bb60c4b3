"""Where a message could go: the addresses of a request or a person that are ones, with their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.postal import Letterbox, undeliverable
from services.shared.addresses import address_key, normalise_address
from services.shared.contracts.messages import AddressedRequest


def addresses_of(
    message: Message, channels: Sequence[str], contact: Contact | None, secret: str
) -> dict[str, tuple[str, str]]:
    """(address, address key) by channel, for those channels that have an address."""
    found = {}
    for channel in channels:
        raw = message.address or (contact.address(channel) if contact else "")
        try:
            found[channel] = (normalise_address(channel, raw), address_key(secret, channel, raw))
        except ValueError:
            continue
    return found


def usable(
    addresses: Mapping[str, tuple[str, str]], home_country: str
) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """The addresses that could be reached, and by channel why others could not: a letter box of which something is
    missing or wrong."""
    problems = {}
    if "print" in addresses:
        problem = undeliverable(Letterbox.of_text(addresses["print"][0]), home_country)
        problems = {"print": f"undeliverable: {problem}"} if problem else {}
    return {name: one for name, one in addresses.items() if name not in problems}, problems


def keys_of(request: AddressedRequest, secret: str) -> list[str]:
    """The keys that the address of a request may have."""
    keys = []
    for channel in request.channels:
        try:
            keys.append(address_key(secret, channel, request.address))
        except ValueError:
            continue
    return keys
