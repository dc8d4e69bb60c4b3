"""Marketers' side: looking a person up."""

from __future__ import annotations

from typing import Any

from services.ingest.domain.identifiers import (
    ANONYMOUS_ID,
    EMAIL,
    KINDS,
    PHONE,
    USER_ID,
    Identifier,
    email_identifier,
    phone_identifier,
)
from services.ingest.domain.profile import Profile
from services.ingest.ports import Identities, Profiles
from services.shared.clock import to_iso
from services.shared.errors import NotFound

PROFILE_PREFIX = "prf_"


class ProfileDirectory:
    """Finds a profile by any of its identifiers."""

    def __init__(self, *, identities: Identities, profiles: Profiles) -> None:
        self._identities = identities
        self._profiles = profiles

    def find(self, text: str) -> dict[str, Any]:
        """The profile that `text` names: its id, `kind:value`, or a bare user id, e-mail, phone or anonymous id.

        Raises:
            NotFound: nobody is known by it.
        """
        profile_id: str | None = text if text.startswith(PROFILE_PREFIX) else None
        if profile_id is None:
            readings = _readings(text)
            owners = self._identities.owners(readings)
            profile_id = next((owners[i] for i in readings if i in owners), None)
        profile = self._profiles.load([profile_id]).get(profile_id) if profile_id else None
        if profile is None:
            raise NotFound("unknown_profile", "nobody is known by this identifier")
        return _shown(profile)


def _readings(text: str) -> list[Identifier]:
    """What `text` may mean, the most explicit first."""
    kind, colon, value = text.partition(":")
    explicit = [_normal(kind, value)] if colon and kind in KINDS else []
    bare = [_normal(kind, text) for kind in (USER_ID, EMAIL, PHONE, ANONYMOUS_ID)]
    found = [i for i in (*explicit, *bare) if i is not None and 0 < len(i.value) <= 256]
    return list(dict.fromkeys(found))


def _normal(kind: str, value: str) -> Identifier | None:
    if kind == EMAIL:
        return email_identifier(value)
    if kind == PHONE:
        return phone_identifier(value)
    return Identifier(kind, value.strip())


def _shown(profile: Profile) -> dict[str, Any]:
    return {
        "profile_id": profile.profile_id,
        "identifiers": [{"kind": i.kind, "value": i.value} for i in sorted(profile.identifiers)],
        "traits": profile.visible_traits(),
        "counts": dict(profile.counts),
        "version": profile.version,
        "created_at": to_iso(profile.created_at) if profile.created_at else None,
        "updated_at": to_iso(profile.updated_at) if profile.updated_at else None,
    }
