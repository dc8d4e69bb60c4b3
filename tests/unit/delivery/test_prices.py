"""Price lists: one place, one currency, each from its day on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

import pytest

from services.delivery.domain.prices import MOST_LISTS, PriceList, Prices
from services.delivery.ports.channels import TermsStore
from services.delivery.use_cases.serve_channels import ServeChannels
from services.shared.clock import FixedClock
from services.shared.errors import Conflict


@dataclass
class PriceLists:
    """Price lists in memory; `overtaken` is somebody who writes first."""

    lists: Sequence[PriceList] = ()
    revision: int = 0
    overtaken: bool = False

    def price_lists(self) -> tuple[Sequence[PriceList], int]:
        return self.lists, self.revision

    def put_price_lists(self, lists: Sequence[PriceList], revision: int) -> bool:
        if self.overtaken or revision != self.revision:
            return False
        self.lists, self.revision = lists, revision + 1
        return True


def serving(price_lists: PriceLists) -> ServeChannels:
    return ServeChannels(
        terms=cast("TermsStore", None),
        price_lists=price_lists,
        places=frozenset(),
        secret=lambda *_: "",
        clock=FixedClock(datetime(2026, 3, 1, tzinfo=UTC)),
    )


def test_prices_are_replaced_by_day_and_nobody_overwrites_what_was_not_read() -> None:
    kept = PriceLists()
    for since, price in (("2026-02-01", 2), ("2026-01-01", 1), ("2026-02-01", 3)):
        serving(kept).put_prices({"since": since, "currency": "EUR", "channels": {"email": price}})
    prices = Prices(kept.lists)

    assert [one["since"] for one in serving(kept).prices()["lists"]] == ["2026-01-01", "2026-02-01"]
    assert [prices.cost("email", 2, date(2026, month, 1)) for month in (1, 2)] == [2, 6]
    assert prices.of("email", date(2025, 12, 31)) is None
    kept.overtaken = True
    with pytest.raises(Conflict, match="meanwhile"):
        serving(kept).put_prices({"since": "2026-03-01", "currency": "EUR", "channels": {"email": 4}})


def test_there_is_an_end_to_price_lists() -> None:
    days = (date(2026, 1, 1) + timedelta(days=n) for n in range(MOST_LISTS))
    kept = PriceLists([PriceList(since=day, currency="EUR", channels={"sms": Decimal(1)}) for day in days])
    wanted = {"currency": "EUR", "channels": {"sms": 2}}

    serving(kept).put_prices({**wanted, "since": "2026-01-01"})
    with pytest.raises(Conflict, match="at most"):
        serving(kept).put_prices({**wanted, "since": "2025-01-01"})
