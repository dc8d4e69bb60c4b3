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


class Status(BaseModel):
    """What became of one piece, since `at`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    piece_id: Annotated[str, Field(min_length=1, max_length=200)]
    status: Literal["printed", "delivered", "returned"]
    at: Instant


class Statuses(BaseModel):
    """The printer's answer to an order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pieces: Annotated[list[Status], Field(min_length=1, max_length=1_000)]


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


def piece_ids(order: bytes) -> set[str]:
    """The ids of the pieces in an order file."""
    rows = csv.DictReader(io.StringIO(order.decode(), newline=""))
    return {row["piece_id"] for row in rows}
