"""On what legal basis a purpose writes to people on a channel, and how long what they permit holds. As data: the
conditions of a soft opt-in are fields that a sale is held against."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.shared.clock import to_iso
from services.shared.permission import DOUBLE_OPT_IN, SOFT_OPT_IN

_VALIDITY = r"^(P[1-9]\d{0,2}Y|P[1-9]\d{0,2}M|P[1-9]\d{0,3}W|P[1-9]\d{0,3}D)$"
Validity = Annotated[str, StringConstraints(pattern=_VALIDITY)]
"""ISO 8601 in one unit: `P24M`, `P2Y`, `P52W`, `P90D`."""

Label = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DoubleOptIn(_Part):
    """Asked for, confirmed by the address's own holder. It lapses after `valid_for`, where there is one."""

    kind: Literal["double_opt_in"] = "double_opt_in"
    valid_for: Validity | None = None


class SoftOptIn(_Part):
    """Of own customers, by a sale (Dutch Telecommunicatiewet, article 11.7): at one of the company's own `sources`, at
    most `within_days` ago, of `categories` like what will be offered, and with a chance to object when the address was
    given. Every message gives the chance again. Whoever asks by a form confirms as ever."""

    kind: Literal["soft_opt_in"]
    sources: Annotated[list[Label], Field(min_length=1, max_length=50)]
    categories: Annotated[list[Label], Field(min_length=1, max_length=200)]
    within_days: Annotated[int, Field(ge=1, le=730)]
    valid_for: Validity | None = None


class Contract(_Part):
    """What belongs to a contract or a service: nobody is asked, and nothing but service messages can rest on it."""

    kind: Literal["contract"]


Basis = Annotated[DoubleOptIn | SoftOptIn | Contract, Field(discriminator="kind")]


class Sale(_Part):
    """What a soft opt-in rests on. `objection_offered` names the form (and its version) on which one could object."""

    order_id: Label
    source: Label
    at: AwareDatetime
    categories: Annotated[list[Label], Field(min_length=1, max_length=200)]
    objection_offered: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._@/-]{0,100}$")] = ""
    objected: bool = False


@dataclass(frozen=True)
class Terms:
    """What a grant rests on, and until when (ISO 8601 in UTC; empty: for good)."""

    basis: str = ""
    until: str = ""


NONE = Terms()
"""Of what is no grant."""


def lapses(at: datetime, valid_for: str) -> datetime:
    """When what was permitted at `at` lapses; of a month that is too short, its last day."""
    unit, count = valid_for[-1], int(valid_for[1:-1])
    if unit in "WD":
        return at + timedelta(days=count * (7 if unit == "W" else 1))
    months = at.month - 1 + count * (12 if unit == "Y" else 1)
    year, month = at.year + months // 12, months % 12 + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))


def terms(basis: Basis, at: datetime, *, soft: bool = False) -> Terms:
    """What is granted on `basis` by somebody who permitted it at `at`; `soft`: by a sale."""
    valid_for = None if isinstance(basis, Contract) else basis.valid_for
    until = to_iso(lapses(at, valid_for)) if valid_for else ""
    return Terms(SOFT_OPT_IN if soft else DOUBLE_OPT_IN, until)


def unmet(rule: SoftOptIn, sale: Sale, now: datetime) -> Iterator[str]:
    """Every condition of a soft opt-in that the sale does not meet, by name."""
    if sale.source not in rule.sources:
        yield "source"
    if not timedelta(0) <= now - sale.at <= timedelta(days=rule.within_days):
        yield "within_days"
    if not set(sale.categories) & set(rule.categories):
        yield "categories"
    if not sale.objection_offered:
        yield "objection_offered"
