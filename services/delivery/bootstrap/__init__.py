"""Joins use cases to what they run on: a module for functions that import alike, so that none starts with more than it
needs."""
