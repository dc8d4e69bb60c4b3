"""What loyalty needs from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from services.scoring.domain.loyalty.account import Account
from services.scoring.domain.loyalty.programme import Programmes


class Contended(Exception):
    """Other writers were first each time."""


class Accounts(Protocol):
    """The accounts and who recommends by which code. All is read consistently."""

    def load(self, profile_ids: Iterable[str]) -> Mapping[str, Account]:
        """Those that exist."""
        ...

    def save(
        self, accounts: Sequence[Account], *, new_code: str = "", dropped_codes: Iterable[str] = ()
    ) -> bool:
        """Write accounts, each as the version after the one it was made from, with a code that is new and without
        those that are dropped: all or nothing. `False`: somebody was faster, or the code is taken."""
        ...

    def owner_of(self, code: str) -> str:
        """The profile that a code was made for; empty: none."""
        ...

    def due(self, until: datetime) -> Iterator[str]:
        """Profiles whose accounts time alone changes until then; the index may be behind."""
        ...


class ProgrammeStore(Protocol):
    """The programme with all its revisions, read consistently."""

    def load(self) -> Programmes:
        """None published: without any."""
        ...

    def save(self, programmes: Programmes) -> bool:
        """The next revision; `False`: somebody was faster."""
        ...


class TraitsOf(Protocol):
    """What is known of a profile, as ingest has it."""

    def traits(self, profile_id: str) -> Mapping[str, Any] | None:
        """Its traits as they stand; `None`: they can't be told at the moment."""
        ...


class FirstOrders(Protocol):
    """What scoring knows of a person's orders."""

    def first_order_at(self, profile_id: str) -> datetime | None:
        """When the first one that stands was made."""
        ...
