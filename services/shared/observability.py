"""Logs: one structured line per batch or request, constants as messages, never personal data or whole events."""

from __future__ import annotations

from aws_lambda_powertools.logging import Logger


def service_logger(service: str) -> Logger:
    """The JSON logger of a service's handlers."""
    return Logger(service=f"halte-{service}", log_uncaught_exceptions=True)
