"""Journeys without AWS."""
