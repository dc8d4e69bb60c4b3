"""Real data that stands beside the repository and not in it."""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).parents[2].parent / "shared" / "data"
CDNOW_ORDERS = DATA / "cdnow" / "CDNOW_master.txt"
ONLINE_RETAIL = DATA / "online-retail" / "online_retail_2010-12.share.csv"
BANK_MARKETING = DATA / "uci-bank-marketing" / "bank-additional.csv"


def present(path: Path) -> Path:
    """A path below `DATA`; where nothing is there, the test that asks for it is skipped, and says so loudly."""
    if not path.exists():
        pytest.skip(f"REAL DATA NOT PRESENT: {path}")
    return path
