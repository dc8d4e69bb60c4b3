"""Lambda entry points: parse, get dependencies, one use case, shape the answer."""
