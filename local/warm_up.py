"""Starts one worker of each function while the clock still stands.

A cold start takes a real second, which is days of virtual time: a link in a mail could expire before it was sent.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_PAGES = ("/consents/confirm", "/v1/batch")
_OFF_THE_ROAD = frozenset(
    {
        *("on_attributes_stream", "on_chores", "on_complaints", "on_deliveries", "on_erasures", "on_exports"),
        *("on_failed_execution", "on_firms_stream", "on_form_submitted", "on_imports", "on_loyalty_stream"),
        *("on_pass_updates", "on_pressure_stream", "on_recovery_requested", "on_runs", "on_simulations"),
        *("on_work", "on_work_stream"),
    }
)
"""What the replay never asks for."""

_NOTHING: dict[str, Any] = {"Records": []}
_TOO_EARLY = {
    "cohort": "warm-up",
    "journey": "warm-up",
    "version": 1,
    "node": "none",
    "due": "9999-01-01T00:00:00Z",
}
"""A step that is not due does nothing but say so."""


def warm_up(lambda_client: Any, api: str) -> int:
    """Give every reactor, publisher and step on the road something that asks for nothing, and knock at the public
    doors; how many functions were woken by name."""
    payloads = {
        function["FunctionName"]: payload
        for page in lambda_client.get_paginator("list_functions").paginate()
        for function in page["Functions"]
        if (payload := _harmless(function["Handler"]))
    }

    def wake(name: str) -> None:
        answer = lambda_client.invoke(FunctionName=name, Payload=json.dumps(payloads[name]).encode())
        answer["Payload"].read()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(wake, payloads))
        list(pool.map(_knock, [f"{api}{page}" for page in _PAGES]))
    return len(payloads)


def _harmless(handler: str) -> dict[str, Any]:
    module = handler.split(".")[-2]
    if module == "on_step":
        return _TOO_EARLY
    return _NOTHING if module.startswith("on_") and module not in _OFF_THE_ROAD else {}


def _knock(url: str) -> None:
    """Without a token or a key the door says no; waking whoever says so is all that is wanted."""
    body = b"{}" if url.endswith("/batch") else None
    try:
        urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=30).close()
    except urllib.error.HTTPError as refusal:
        refusal.close()
