"""The AWS side of ingest's ports."""
