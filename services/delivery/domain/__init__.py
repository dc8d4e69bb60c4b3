"""Pure rules of delivery: no AWS, no clock of their own, no randomness."""
