"""What a person permits: permission is given by address, and a person has those of the addresses they have now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

Subject = tuple[str, str]
"""Purpose and channel."""

Consents = Mapping[str, Mapping[str, str]]
"""State by purpose and channel, as conditions see it; what was never given or taken is missing."""

ADDRESS_TRAITS: Mapping[str, str] = {"email": "email", "sms": "phone"}
"""The trait that is the address of a channel. On other channels nobody has an address, and so no permission."""


@dataclass(frozen=True)
class Permission:
    """`state` is `granted`, `denied` or `revoked`, since `at`."""

    state: str
    at: datetime


@dataclass(frozen=True)
class Permissions:
    """All that was ever permitted under one address; `version` grows with each change (0: nothing was)."""

    version: int = 0
    held: Mapping[Subject, Permission] = field(default_factory=dict)


@dataclass(frozen=True)
class Reached:
    """Where a person is reached: the key of the address by channel; and what stands under these keys, read after the
    standing that it is to change."""

    addresses: Mapping[str, str]
    known: Mapping[str, Permissions] = field(default_factory=dict)

    def held(self, subjects: Iterable[Subject]) -> dict[Subject, Permission]:
        """The permissions of the person for these."""
        found = {}
        for purpose, channel in subjects:
            here = self.known.get(self.addresses.get(channel, ""), Permissions())
            if permission := here.held.get((purpose, channel)):
                found[purpose, channel] = permission
        return found

    def consents(self, subjects: Iterable[Subject]) -> Consents:
        """The same, as conditions see it."""
        found: dict[str, dict[str, str]] = {}
        for (purpose, channel), permission in sorted(self.held(subjects).items()):
            found.setdefault(purpose, {})[channel] = permission.state
        return found

    @property
    def links(self) -> Links:
        """All the addresses, with the version of their permissions."""
        return Links({key: self.known.get(key, Permissions()).version for key in self.addresses.values()}, ())


NOWHERE = Reached({})


@dataclass(frozen=True)
class Links:
    """The addresses that a write of a standing connects with the profile, each with the version of its permissions that
    the write was judged by, and those that it lets go."""

    joined: Mapping[str, int]
    left: tuple[str, ...]


def links(before: Mapping[str, str], after: Mapping[str, str], read: Links | None = None) -> Links | None:
    """What a change of addresses comes to; `None`: nothing. `read` has the versions of those there are now."""
    was, now = set(before.values()), set(after.values())
    if was == now:
        return None
    joined = {key: read.joined[key] for key in sorted(now - was)} if read else {}
    return Links(joined, tuple(sorted(was - now)))


def kept(consents: Consents, subjects: frozenset[Subject]) -> Consents:
    """Of these only."""
    if not consents:
        return consents
    found = {
        purpose: {channel: state for channel, state in by_channel.items() if (purpose, channel) in subjects}
        for purpose, by_channel in consents.items()
    }
    return {purpose: by_channel for purpose, by_channel in found.items() if by_channel}
