"""The only place that joins use cases with AWS, and with what other services know that is no rule."""
