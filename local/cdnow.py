"""Real purchases to replay: the CDNOW log (Fader & Hardie), 69,659 orders of 23,570 customers, 1997-01 to 1998-06.

The orders are real; people's contact details are not in the data, so names, addresses, phones and channel preferences
are INVENTED here (example.com mailboxes and 555 numbers), the same ones for the same seed.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

WHEEL = "lifetimes==0.11.3"
WHEEL_SHA256 = "261e3dc89977c2b60767ca6728aaa29d429de0c814635070a749c36555895da8"
MEMBER = "lifetimes/datasets/CDNOW_master.txt"
FILE_SHA256 = "eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef"

_FIRST_NAMES = (
    "Ada",
    "Bram",
    "Chloé",
    "Daan",
    "Elif",
    "Femke",
    "Gijs",
    "Hana",
    "Ivo",
    "Jasmijn",
    "Kofi",
    "Lotte",
)


class WrongData(Exception):
    """The purchase log is not the file this project was built on."""


@dataclass(frozen=True)
class Order:
    """One row of the log: `row` counts from 1, `cents` is the whole order in US cents."""

    row: int
    customer: str
    at: datetime
    quantity: int
    cents: int


@dataclass(frozen=True)
class Contact:
    """Invented contact details; `preferred_channel` is `email` or `sms`."""

    first_name: str
    email: str
    phone: str
    preferred_channel: str

    @property
    def preferred_address(self) -> str:
        """Where the person would rather hear from us."""
        return self.email if self.preferred_channel == "email" else self.phone


def fetch(cache: Path) -> str:
    """The log's text, out of the wheel that carries it (downloaded once, by hash, never installed).

    Raises:
        WrongData: the file is another one.
        subprocess.CalledProcessError: the wheel can't be downloaded, or its hash is another one.
    """
    wheel = _wheel(cache) or _download(cache)
    with zipfile.ZipFile(wheel) as archive:
        raw = archive.read(MEMBER)
    if hashlib.sha256(raw).hexdigest() != FILE_SHA256:
        raise WrongData(f"{MEMBER} of {WHEEL} has another SHA-256 than {FILE_SHA256}")
    return raw.decode("ascii")


def _wheel(cache: Path) -> Path | None:
    for wheel in cache.glob("*.whl"):
        if hashlib.sha256(wheel.read_bytes()).hexdigest() == WHEEL_SHA256:
            return wheel
    return None


def _download(cache: Path) -> Path:
    cache.mkdir(parents=True, exist_ok=True)
    requirement = cache / "purchases.txt"
    requirement.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--only-binary", ":all:", "--require-hashes", "-r", str(requirement), "-d", str(cache)),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    wheel = _wheel(cache)
    if wheel is None:
        raise WrongData(f"pip brought no wheel with SHA-256 {WHEEL_SHA256}")
    return wheel


def read_orders(text: str) -> list[Order]:
    """Every row of the log, in its order; orders are dated at noon UTC, because the log knows only the day."""
    orders = []
    for row, line in enumerate(text.splitlines()[1:], start=1):
        customer, day, quantity, dollars = line.split()
        orders.append(
            Order(
                row=row,
                customer=customer,
                at=datetime.strptime(day, "%Y%m%d").replace(hour=12, tzinfo=UTC),
                quantity=int(quantity),
                cents=int(Decimal(dollars) * 100),
            )
        )
    return orders


def slice_of(orders: list[Order], customers: int) -> list[Order]:
    """All orders of `customers` evenly spaced customers: the same ones every time.

    Raises:
        ValueError: there are not that many.
    """
    ids = sorted({order.customer for order in orders})
    if not 1 <= customers <= len(ids):
        raise ValueError(f"customers: 1 to {len(ids)}, not {customers}")
    chosen = {ids[i * len(ids) // customers] for i in range(customers)}
    return [order for order in orders if order.customer in chosen]


def contact_of(customer: str, seed: int) -> Contact:
    """The invented contact details of a customer id (five digits)."""
    chance = random.Random(f"{seed}:contact:{customer}")
    number = int(customer)
    return Contact(
        first_name=chance.choice(_FIRST_NAMES),
        email=f"cdnow-{customer}@example.com",
        phone=f"+1{202 + number // 10_000}555{number % 10_000:04d}",
        preferred_channel=chance.choice(("email", "email", "sms")),
    )
