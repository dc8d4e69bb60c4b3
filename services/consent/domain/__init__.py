"""Pure rules: no AWS, no clock, no randomness of their own."""
