"""Figures that need the whole past of everybody: satisfaction, what service is worth, loyal customers. Pure."""
