"""The use cases of scoring."""
