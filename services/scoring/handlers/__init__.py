"""Scoring's entry points."""
