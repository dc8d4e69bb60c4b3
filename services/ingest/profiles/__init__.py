"""From events to people: who did it, what it changes, what others are told."""
