"""A proxy in front of the emulator that fails on purpose, by seed: before a request, after it, or by throttling it."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from local.loopback import Handler, Loopback

_OF_ONE_HOP = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive", "host"})


@dataclass
class Plan:
    """Shares of requests that never arrive (`before`), whose answer is lost (`after`), or that are `throttled`."""

    before: float = 0.0
    after: float = 0.0
    throttled: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: Counter[str] = field(default_factory=Counter)

    def next(self) -> str:
        """What befalls the next request."""
        with self.lock:
            drawn = self.chance.random()
            fate = "passed"
            for name, share in (
                ("before", self.before),
                ("after", self.after),
                ("throttled", self.throttled),
            ):
                if drawn < share:
                    fate = name
                    break
                drawn -= share
            self.seen[fate] += 1
        return fate


class FaultProxy(Loopback):
    """Passes DynamoDB's protocol on to `upstream`, as far as `plan` lets it."""

    def __init__(self, upstream: str, plan: Plan) -> None:
        base = urlsplit(upstream)

        class Failing(_Handler):
            host, port, faults = base.hostname or "", base.port or 80, plan

        super().__init__(Failing, name="fault-proxy")


class _Handler(Handler):
    host: str
    port: int
    faults: Plan

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        fate = self.faults.next()
        if fate == "before":
            self.close_connection = True
            return
        if fate == "throttled":
            code = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
            refusal = json.dumps({"__type": code, "message": "slow down"}).encode()
            self.reply(400, [("Content-Type", "application/x-amz-json-1.0")], refusal)
            return
        upstream = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            kept = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_HOP}
            upstream.request("POST", self.path, body, kept)
            answer = upstream.getresponse()
            content = answer.read()
        finally:
            upstream.close()
        if fate == "after":
            self.close_connection = True
            return
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_ONE_HOP]
        self.reply(answer.status, headers, content)
