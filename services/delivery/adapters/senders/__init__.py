"""Providers, a module each: one attempt, every outcome as a value."""
