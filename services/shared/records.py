"""Related records of a person: orders with their lines, products held, contracts, appointments, groups, own types.

Each event that says something about a record is kept as a *contribution*; a record is the fold of its contributions in
event time. So order of arrival and repetition cannot matter, nothing is read before it is written, and whoever merges
or parts people regroups contributions and never rewrites them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.shared.clock import to_iso
from services.shared.contracts.ingest import CustomerEvent

ORDER, PRODUCT, CONTRACT, APPOINTMENT, GROUP = "order", "product", "contract", "appointment", "group"
ORDER_CONTACT = "order_contact"
"""The contact data that orders bring: the order domain of a profile, apart from the marketing domain."""

CONTACT_FIELDS = ("email", "phone", "name", "first_name", "last_name", "shipping_address", "billing_address")
MAX_ID = 128

_TYPE = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Rule:
    """What an event's name means to records: the type, the property with the id, and the status it brings; its
    products become lines (`set`: those that stand; `add`: more of them; `back`: those returned)."""

    type: str
    id_field: str
    status: str = ""
    lines: str = ""


RULES: Mapping[str, Rule] = {
    "Order Completed": Rule(ORDER, "order_id", "completed", "set"),
    "Order Updated": Rule(ORDER, "order_id", lines="set"),
    "Order Lines Added": Rule(ORDER, "order_id", lines="add"),
    "Order Shipped": Rule(ORDER, "order_id", "shipped"),
    "Order Delivered": Rule(ORDER, "order_id", "delivered"),
    "Order Refunded": Rule(ORDER, "order_id", "refunded", "back"),
    "Order Cancelled": Rule(ORDER, "order_id", "cancelled"),
    "Product Opened": Rule(PRODUCT, "product_id", "held"),
    "Product Closed": Rule(PRODUCT, "product_id", "closed"),
    "Contract Opened": Rule(CONTRACT, "contract_id", "open"),
    "Contract Updated": Rule(CONTRACT, "contract_id"),
    "Contract Closed": Rule(CONTRACT, "contract_id", "closed"),
    "Appointment Booked": Rule(APPOINTMENT, "appointment_id", "booked"),
    "Appointment Rescheduled": Rule(APPOINTMENT, "appointment_id", "booked"),
    "Appointment Cancelled": Rule(APPOINTMENT, "appointment_id", "cancelled"),
    "Appointment Completed": Rule(APPOINTMENT, "appointment_id", "completed"),
}
"""Track events that carry a record. `Record Upserted` and `Record Removed` {type, id, …} serve every other type."""

CHANGING = ("Record Upserted", "Record Removed")


@dataclass(frozen=True)
class Contribution:
    """What one event of `source` says about one record."""

    type: str
    id: str
    at: datetime
    message_id: str
    fields: Mapping[str, Any]
    status: str = ""
    lines_mode: str = ""
    lines: tuple[Mapping[str, Any], ...] = ()
    source: str = ""

    @property
    def order(self) -> tuple[datetime, str]:
        """Event time, then message id."""
        return self.at, self.message_id


@dataclass
class Record:
    """A record as it stands; `source` changed it last, and `said_by` tells of each field which source did, and when."""

    type: str
    id: str
    first_at: datetime
    updated_at: datetime
    source: str = ""
    status: str = ""
    said_by: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    lines: list[Mapping[str, Any]] = field(default_factory=list)
    returned: list[Mapping[str, Any]] = field(default_factory=list)
    refunds: list[Mapping[str, Any]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "type": self.type,
            "id": self.id,
            "status": self.status,
            "first_at": to_iso(self.first_at),
            "updated_at": to_iso(self.updated_at),
            "source": self.source,
            "fields": dict(sorted(self.fields.items())),
            **({"lines": [dict(line) for line in self.lines]} if self.lines else {}),
            **({"returned": [dict(line) for line in self.returned]} if self.returned else {}),
            **({"refunds": [dict(refund) for refund in self.refunds]} if self.refunds else {}),
        }


def contributions(event: CustomerEvent, source: str = "") -> list[Contribution]:
    """What `event` of `source` says about records; most events say nothing."""
    return [replace(one, source=source) for one in _said(event)]


def _said(event: CustomerEvent) -> list[Contribution]:
    if event.type == "group":
        return _one(event, Rule(GROUP, "groupId", "member"), "groupId")
    if event.type != "track":
        return []
    if event.name in CHANGING:
        return _custom(event)
    rule = RULES.get(event.name)
    if rule is None:
        return []
    found = _one(event, rule, rule.id_field)
    return found + _order_contact(event) if found and rule.type == ORDER else found


def records(said: Iterable[Contribution]) -> list[Record]:
    """The records that contributions (in any order, repeated or not) come to, the latest changed first."""
    grouped: dict[tuple[str, str], dict[str, Contribution]] = defaultdict(dict)
    for one in said:
        grouped[one.type, one.id].setdefault(one.message_id, one)
    folded = [_fold(sorted(group.values(), key=lambda c: c.order)) for group in grouped.values()]
    return sorted(folded, key=lambda r: (r.updated_at, r.type, r.id), reverse=True)


def held(known: Iterable[Record]) -> list[dict[str, Any]]:
    """Products held: those opened and not closed, and those bought and not given back, by product."""
    found: dict[str, dict[str, Any]] = {}
    for record in sorted(known, key=lambda r: (r.first_at, r.type, r.id)):
        if record.type == PRODUCT and record.status == "held":
            found.setdefault(
                record.id, {"product_id": record.id, "since": to_iso(record.first_at), **_name(record)}
            )
        elif record.type == ORDER and record.status not in ("cancelled", ""):
            for line in _kept_lines(record):
                product = str(line["product_id"])
                found.setdefault(
                    product, {"product_id": product, "since": to_iso(record.first_at), "order_id": record.id}
                )
    return [found[product] for product in sorted(found)]


def pieces(known: Iterable[Record]) -> dict[str, float] | None:
    """Pieces of the products held, by product; one opened is one piece, and the same one if it was bought too. `None`:
    nothing was ever bought or opened, as far as is known, but for orders that were cancelled."""
    bought: dict[str, float] = defaultdict(float)
    opened = set()
    customer = False
    for record in known:
        if record.type == PRODUCT:
            customer = True
            opened |= {record.id} if record.status == "held" else set()
        elif record.type == ORDER and record.status not in ("cancelled", ""):
            customer = True
            for product, quantity in _left(record).items():
                bought[product] += quantity
    return {one: bought.get(one, 1.0) for one in sorted({*bought, *opened})} if customer else None


def _name(record: Record) -> dict[str, Any]:
    return {"name": record.fields["name"]} if "name" in record.fields else {}


def _kept_lines(order: Record) -> list[Mapping[str, Any]]:
    """Lines with a product of which not all was given back."""
    left = _left(order)
    return [line for line in order.lines if line.get("product_id") and str(line["product_id"]) in left]


def _left(order: Record) -> dict[str, float]:
    """By product, the pieces that were bought and not given back; a refund without lines gives back the whole order."""
    if order.status == "refunded" and not order.returned:
        return {}
    left: dict[str, float] = defaultdict(float)
    for sign, lines in ((1, order.lines), (-1, order.returned)):
        for line in lines:
            if line.get("product_id"):
                left[str(line["product_id"])] += sign * abs(_quantity(line))
    return {product: quantity for product, quantity in left.items() if quantity > 0}


def _quantity(line: Mapping[str, Any]) -> float:
    value = line.get("quantity", 1)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 1.0


def _one(event: CustomerEvent, rule: Rule, id_field: str) -> list[Contribution]:
    record_id = _id(event.properties.get(id_field))
    if not record_id:
        return []
    hidden = {id_field, "products", *(CONTACT_FIELDS if rule.type == ORDER else ())}
    return [
        Contribution(
            type=rule.type,
            id=record_id,
            at=event.at,
            message_id=event.message_id,
            fields={name: value for name, value in event.properties.items() if name not in hidden},
            status=rule.status,
            lines_mode=rule.lines,
            lines=_lines(event) if rule.lines else (),
        )
    ]


def _custom(event: CustomerEvent) -> list[Contribution]:
    kind, record_id = event.properties.get("type"), _id(event.properties.get("id"))
    if not (isinstance(kind, str) and _TYPE.fullmatch(kind) and record_id):
        return []
    removed = event.name == "Record Removed"
    fields = (
        {} if removed else {n: v for n, v in event.properties.items() if n not in ("type", "id", "status")}
    )
    said = event.properties.get("status")
    status = "removed" if removed else said if isinstance(said, str) else "current"
    return [Contribution(kind, record_id, event.at, event.message_id, fields, status=status)]


def _order_contact(event: CustomerEvent) -> list[Contribution]:
    fields = {name: event.properties[name] for name in CONTACT_FIELDS if event.properties.get(name)}
    return [Contribution(ORDER_CONTACT, "current", event.at, event.message_id, fields)] if fields else []


def _lines(event: CustomerEvent) -> tuple[Mapping[str, Any], ...]:
    products = event.properties.get("products")
    return tuple(p for p in products if isinstance(p, dict)) if isinstance(products, list) else ()


def _id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    return text if len(text) <= MAX_ID else ""


def _fold(said: list[Contribution]) -> Record:
    last = said[-1]
    record = Record(last.type, last.id, first_at=said[0].at, updated_at=last.at, source=last.source)
    for one in said:
        record.status = one.status or record.status
        if one.lines_mode == "back":
            record.refunds.append({"at": to_iso(one.at), **one.fields})
            record.returned += one.lines
        else:
            new = {name: value for name, value in one.fields.items() if value is not None}
            record.fields.update(new)
            record.said_by.update(dict.fromkeys(new, (one.at, one.source)))
    record.lines = _standing_lines(said)
    if record.status == "refunded" and record.returned and _kept_lines(record):
        record.status = "partly_refunded"
    return record


def _standing_lines(said: list[Contribution]) -> list[Mapping[str, Any]]:
    """The lines of the latest event that set them, and those added; a correction ends what was added before it."""
    setting = [one for one in said if one.lines_mode == "set" and one.lines]
    since = setting[-1].order if len(setting) > 1 else None
    added = [one for one in said if one.lines_mode == "add" and (since is None or one.order > since)]
    return [line for one in (*setting[-1:], *added) for line in one.lines]
