"""How far tests go. With EXHAUSTIVE=1 (`make sweep`) every fault strikes every call, and many more random journeys are
tried; without, a sample of them keeps what a newcomer runs fast."""

from __future__ import annotations

import os

EXHAUSTIVE = os.environ.get("EXHAUSTIVE") == "1"
