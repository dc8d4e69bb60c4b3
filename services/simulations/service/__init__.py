"""Use cases over `ports`."""
