"""What a service answers about one person: the same three questions to each, asked by ingest as a direct invocation.

Every service has a handler `person` for it. A question names every id the person's profile ever had, and the
addresses of the person, because consent is about an address and knows no profile.
"""

from __future__ import annotations

from typing import Any, Literal

from services.shared.contracts.base import Instant, Model


class Address(Model):
    """Where a person can be reached: `channel` is `email`, `sms`, …; `address` as it was given."""

    channel: str
    address: str


class PersonQuestion(Model):
    """`describe`: what a marketer sees (small); `export`: everything the person has a right to; `erase`: forget it.

    Erasing again is the same. `at` dates what remains of an erasure.
    """

    ask: Literal["describe", "export", "erase"]
    profile_ids: list[str]
    addresses: list[Address] = []
    erasure_id: str = ""
    at: Instant


class PersonAnswer(Model):
    """By store (a name that people understand, such as `scores` or `consents`): what it holds, or, of `erase`, how
    many records it forgot. `more` says that erasing was cut short by time and is to be asked again."""

    service: str
    stores: dict[str, Any]
    more: bool = False
