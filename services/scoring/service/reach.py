"""Where people are reached, looked up for a batch: once for all of them, and again after each write that lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from services.scoring.domain.definitions import Definitions
from services.scoring.domain.permissions import ADDRESS_TRAITS, Permissions, Reached
from services.scoring.domain.standing import ProfileStanding
from services.scoring.ports import Consents
from services.shared.addresses import address_key

AddressesOf = Callable[[str, ProfileStanding | None, Definitions], Mapping[str, str] | None]
"""The addresses that a profile is to have, by channel; `None`: they stay, and what is permitted there is known."""


class Phonebook(Protocol):
    """Addresses, and what is permitted there."""

    def addresses(self, traits: Mapping[str, Any], definitions: Definitions) -> dict[str, str]:
        """The keys of the addresses that definitions ask about, by channel."""
        ...

    def known(self, keys: set[str]) -> Mapping[str, Permissions]:
        """What is permitted under these keys, as it is now."""
        ...


class Nobody:
    """Where nothing is asked about permissions."""

    def addresses(self, traits: Mapping[str, Any], definitions: Definitions) -> dict[str, str]:
        return {}

    def known(self, keys: set[str]) -> Mapping[str, Permissions]:
        return {}


class AddressBook:
    """The real one; `secret` is the key of `addresses.address_key`, asked for when an address is met."""

    def __init__(self, consents: Consents, secret: Callable[[], str]) -> None:
        self._consents = consents
        self._secret = secret

    def addresses(self, traits: Mapping[str, Any], definitions: Definitions) -> dict[str, str]:
        found = {}
        for channel in sorted(definitions.needs.channels & ADDRESS_TRAITS.keys()):
            raw = traits.get(ADDRESS_TRAITS[channel])
            if isinstance(raw, str):
                try:
                    found[channel] = address_key(self._secret(), channel, raw)
                except ValueError:  # nobody can have permitted anything at what is no address
                    continue
        return found

    def known(self, keys: set[str]) -> Mapping[str, Permissions]:
        return self._consents.of(keys) if keys else {}


def reached_by(
    phonebook: Phonebook, traits: Mapping[str, Mapping[str, Any]], definitions: Definitions
) -> dict[str, Reached]:
    """Where profiles with these traits are reached."""
    addresses = {profile_id: phonebook.addresses(own, definitions) for profile_id, own in traits.items()}
    known = phonebook.known({key for by_channel in addresses.values() for key in by_channel.values()})
    return {profile_id: Reached(by_channel, known) for profile_id, by_channel in addresses.items()}


class Reach:
    """What a batch is judged by, next to its changes: of each profile the definitions, and where it is reached."""

    def __init__(self, phonebook: Phonebook, addresses_of: AddressesOf) -> None:
        self._phonebook = phonebook
        self._addresses_of = addresses_of
        self._found: dict[str, tuple[Definitions, Reached | None]] = {}

    def look_up(
        self,
        standings: Mapping[str, ProfileStanding | None],
        definitions_for: Callable[[ProfileStanding | None], Definitions],
    ) -> None:
        """To be called after the standings were read, so that what it finds is never older than they are."""
        wanted = {}
        for profile_id, standing in standings.items():
            definitions = definitions_for(standing)
            wanted[profile_id] = definitions, self._addresses_of(profile_id, standing, definitions)
        keys = {key for _, addresses in wanted.values() for key in (addresses or {}).values()}
        known = self._phonebook.known(keys)
        self._found = {
            profile_id: (definitions, None if addresses is None else Reached(addresses, known))
            for profile_id, (definitions, addresses) in wanted.items()
        }

    def of(self, profile_id: str) -> tuple[Definitions, Reached | None]:
        """What was found for a profile."""
        return self._found[profile_id]
