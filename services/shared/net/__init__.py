"""The way out into the open internet."""
