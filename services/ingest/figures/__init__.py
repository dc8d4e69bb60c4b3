"""Figures over the lake: asked for over the API, counted by whoever reads the lake. Use cases over `ports`."""
