"""Loyalty points: a programme, what was done, and the ledger that follows from both."""
