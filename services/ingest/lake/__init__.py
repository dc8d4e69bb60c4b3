"""Every event, kept as Parquet by day; and profiles rebuilt from it alone."""
