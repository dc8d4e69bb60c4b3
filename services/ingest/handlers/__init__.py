"""Lambda entry points of ingest."""
