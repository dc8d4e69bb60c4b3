"""Contact pressure: how often, when and how fast people are written to; and when nobody is."""
