"""Scoring's ports on AWS."""
