"""Journeys away from AWS: tested, simulated, drawn; scoring and journeys as they are, put together in one process."""
