"""How far tests go. With EXHAUSTIVE=1 (`make sweep`) every fault strikes every call, and many more random journeys and
all examples of properties are tried; without, a sample of them keeps what a newcomer runs fast. With CONFORMANCE=full
(`make conformance`) there is no sample where even the sweep has one: that takes minutes each."""

from __future__ import annotations

import os

EXHAUSTIVE = os.environ.get("EXHAUSTIVE") == "1"
FULL = os.environ.get("CONFORMANCE") == "full"
