"""Delivery's copies of contacts: many at once."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from services.delivery.domain.contact import Contact
from services.delivery.ports.people import Gates
from services.delivery.ports.pressure import Ledgers
from services.delivery.use_cases.copy_facts import CopyContacts
from services.shared.contracts.ingest import ProfileChange

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class MeetingGates:
    """Gates whose writes end only when `parties` of them are under way."""

    def __init__(self, parties: int) -> None:
        self._meeting = threading.Barrier(parties, timeout=5)
        self.kept: dict[str, Mapping[str, str]] = {}

    def contacts(self, profile_ids: Iterable[str]) -> dict[str, Contact]:
        known = Contact(profile_id="prf_known", version=9)
        return {p: known for p in profile_ids if p == known.profile_id}

    def keep_contact(self, contact: Contact, keys: Mapping[str, str]) -> bool:
        self._meeting.wait()
        self.kept[contact.profile_id] = keys
        return True


def change(profile: str, version: int = 1, **traits: Any) -> ProfileChange:
    return ProfileChange(
        profile_id=profile, version=version, traits_version=version, at=NOW, events=[], traits=traits
    )


def test_contacts_are_written_side_by_side_and_the_newest_once() -> None:
    gates = MeetingGates(4)
    copying = CopyContacts(
        gates=cast("Gates", gates), ledgers=cast("Ledgers", gates), address_secret=lambda: "secret"
    )
    changes = [change(f"prf_{i}", email=f"p{i}@example.com") for i in range(4)]

    assert copying.contacts([*changes, change("prf_0", 0), change("prf_known", 9)]) == 4
    assert sorted(gates.kept) == ["prf_0", "prf_1", "prf_2", "prf_3"]
    assert all(list(keys) == ["email"] for keys in gates.kept.values())
