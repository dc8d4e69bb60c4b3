"""What marketers say of channels, beside the templates in DynamoDB."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from services.delivery.domain.channel_terms import ChannelTerms
from services.delivery.domain.inbound import Slot
from services.delivery.domain.prices import PriceList, Prices
from services.shared.aws.dynamo import ConditionFailed, Table

TERMS = {"name": "#channels", "part": "TERMS"}
"""No template can have this name."""

PRICES = {"name": "#channels", "part": "PRICES"}

KEPT_SECONDS = 10.0
"""How old what one process knows may be: a price need not count from one message to the next."""


class DynamoChannels:
    """Documents that are read again every ten seconds."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._kept: tuple[float, ChannelTerms] | None = None
        self._prices: tuple[float, Prices] | None = None
        self._slots: dict[str, tuple[float, Slot | None]] = {}

    def terms(self) -> ChannelTerms:
        if self._kept is None or time.monotonic() - self._kept[0] >= KEPT_SECONDS:
            self._kept = (time.monotonic(), self.stored())
        return self._kept[1]

    def stored(self) -> ChannelTerms:
        """As it stands this moment."""
        item = self._table.get(TERMS, consistent=True)
        stored = json.loads(item["document"]) if item else {}
        known = {name: value for name, value in stored.items() if name in ChannelTerms.model_fields}
        return ChannelTerms.model_validate(known)

    def put(self, terms: ChannelTerms) -> None:
        """Replace it."""
        self._table.put({**TERMS, "document": terms.model_dump_json()})
        self._kept = None

    def prices(self) -> Prices:
        if self._prices is None or time.monotonic() - self._prices[0] >= KEPT_SECONDS:
            self._prices = (time.monotonic(), Prices(self.price_lists()[0]))
        return self._prices[1]

    def price_lists(self) -> tuple[Sequence[PriceList], int]:
        item = self._table.get(PRICES, consistent=True)
        if item is None:
            return (), 0
        return [PriceList.model_validate(one) for one in json.loads(item["lists"])], int(item["revision"])

    def put_price_lists(self, lists: Sequence[PriceList], revision: int) -> bool:
        text = json.dumps([one.model_dump(mode="json") for one in lists])
        try:
            self._table.put(
                {**PRICES, "lists": text, "revision": revision + 1},
                condition="attribute_not_exists(part) OR revision = :known",
                values={":known": revision},
            )
        except ConditionFailed:
            return False
        self._prices = None
        return True

    def generation(self, channel: str) -> tuple[int, str]:
        item = self._table.get(_secret_key(channel), consistent=True)
        return (int(item["number"]), str(item["until"])) if item else (0, "")

    def renew(self, channel: str, number: int, until: str) -> bool:
        try:
            self._table.put(
                {**_secret_key(channel), "number": number, "until": until},
                condition="attribute_not_exists(part) OR #number < :number",
                names={"#number": "number"},
                values={":number": number},
            )
        except ConditionFailed:
            return False
        return True

    def slot(self, name: str) -> Slot | None:
        kept = self._slots.get(name)
        if kept is None or time.monotonic() - kept[0] >= KEPT_SECONDS:
            item = self._table.get(_slot_key(name), consistent=True)
            slot = Slot.model_validate(json.loads(item["document"])) if item else None
            kept = self._slots[name] = (time.monotonic(), slot)
        return kept[1]

    def put_slot(self, name: str, slot: Slot) -> None:
        self._table.put({**_slot_key(name), "document": slot.model_dump_json()})
        self._slots.pop(name, None)


def _slot_key(name: str) -> dict[str, str]:
    return {"name": "#inbound", "part": f"SLOT#{name}"}


def _secret_key(channel: str) -> dict[str, str]:
    return {"name": "#channels", "part": f"SECRET#{channel}"}
