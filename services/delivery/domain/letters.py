"""The order file for a printer: a row a letter, and what comes back of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.delivery.domain.postal import Letterbox
from services.delivery.domain.work import Piece
from services.shared.cells import neutral
from services.shared.contracts.base import Instant

COLUMNS = ("piece_id", "pack", "sample", "name", "street", "postal_code", "city", "country", "text")
"""Of the order file, in UTF-8 with CRLF (RFC 4180)."""

FATES = {"printed": "accepted", "delivered": "delivered", "returned": "bounced"}
"""What the printer says of a piece, and what that is for a message. A letter that came back ends letters there."""


MOST_STATUSES = 1_000
"""Pieces in one answer of the printer; a file of them is taken in such portions."""

STATUS_COLUMNS = ("piece_id", "status", "at")


class Status(BaseModel):
    """What became of one piece, since `at`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    piece_id: Annotated[str, Field(min_length=1, max_length=200)]
    status: Literal["printed", "delivered", "returned"]
    at: Instant


class Statuses(BaseModel):
    """The printer's answer to an order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pieces: Annotated[list[Status], Field(min_length=1, max_length=MOST_STATUSES)]


def order_file(pieces: Iterable[Piece], home: str) -> bytes:
    """The order of these pieces, by their ids: the same pieces make the same bytes. `home` is the country of addresses
    that name none."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    for piece in sorted(pieces, key=lambda one: one.send_id):
        box = Letterbox.of_text(piece.letterbox)
        where = (box.street, box.postal_code, box.city, box.country or home)
        cells = (piece.pack, piece.sample, piece.name, *where, piece.text)
        rows.writerow([piece.send_id, *(neutral(cell) for cell in cells)])
    return written.getvalue().encode()


def statuses_in(report: bytes) -> list[Statuses]:
    """A printer's file (`STATUS_COLUMNS`, CSV in UTF-8), in portions.

    Raises:
        ValueError: it is no such file, or a row breaks a rule.
    """
    rows = csv.DictReader(io.StringIO(report.decode("utf-8-sig"), newline=""), strict=True)
    try:
        if not set(STATUS_COLUMNS) <= set(rows.fieldnames or ()):
            raise ValueError("no file of statuses")
        said = [Status.model_validate({name: row[name] for name in STATUS_COLUMNS}) for row in rows]
    except csv.Error as error:
        raise ValueError("no file of statuses") from error
    portions = [said[n : n + MOST_STATUSES] for n in range(0, len(said), MOST_STATUSES)]
    return [Statuses(pieces=portion) for portion in portions]


def piece_ids(order: bytes) -> set[str]:
    """The ids of the pieces in an order file."""
    rows = csv.DictReader(io.StringIO(order.decode(), newline=""))
    return {row["piece_id"] for row in rows}
