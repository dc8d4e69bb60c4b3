"""Loyalty: points that people earn and spend, as one ledger; see docs/loyalty.md."""
