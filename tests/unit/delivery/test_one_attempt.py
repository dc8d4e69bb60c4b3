"""Nothing that sends may repeat itself: a boto3 call that is answered late would reach the provider three times. F8."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from services.shared.aws.clients import single_attempt_client

SENDERS = Path(__file__).parents[3] / "services" / "delivery" / "adapters" / "senders"


def clients() -> dict[str, set[str]]:
    """Which maker of clients is called for which service, in all modules of senders."""
    found: dict[str, set[str]] = {}
    for path in SENDERS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and "client" in node.func.id:
                for argument in node.args[:1]:
                    assert isinstance(argument, ast.Constant), f"{path.name}: the service is not said"
                    found.setdefault(str(argument.value), set()).add(node.func.id)
    return found


def test_every_sender_has_a_client_of_one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    used = clients()
    assert {"sesv2", "pinpoint-sms-voice-v2", "pinpoint", "sns"} <= used.keys()
    for service in used:
        assert used[service] == {"single_attempt_client"}, service
        assert single_attempt_client(service).meta.config.retries["total_max_attempts"] == 1
    single_attempt_client.cache_clear()
