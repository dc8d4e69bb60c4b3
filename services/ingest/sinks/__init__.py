"""Changes passed on to webhooks and other event buses."""
