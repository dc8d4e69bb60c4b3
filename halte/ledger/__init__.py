"""The consent ledger, checked by somebody who does not take its word for it."""
