"""MiniStack, started so that a test can hold it to the second: a program of its own, run by the emulator's interpreter.

Three things differ from `python -m ministack`, and nothing that is deployed knows of them:

    waits    Step Functions' Wait states last by the virtual clock's file instead of by the machine's clock, and end
             when a test says so (`POST /release {"until": ISO}`): in real time they could not be held to the second.
    rest     `GET /` says what is under way (queues, functions, streams, executions that do not wait) and when the
             next wait ends, so that a test never guesses how long something takes.
    deaths   `POST /deaths {"seed", "share", "most"}`: before or after a share of the writes of journeys' workers the
             worker is killed (SIGKILL), as a machine that loses power would. Those workers then run one at a time.

At most eight of Step Functions' calls of a function are under way at once: each takes a process. A task that failed is
tried again after 0.05 real seconds, with the virtual clock standing.
"""

from __future__ import annotations

import heapq
import importlib.util
import json
import os
import runpy
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import dynamodb, lambda_svc, sqs
from ministack.services import stepfunctions as sfn

CONTROL_PORT = "HALTE_CONTROL_PORT"
OBSERVERS = ("DeadLetters", "local-observer")
MORTAL = ("on_facts.handler", "on_step.handler", "on_runtime_stream.handler", "on_runs.handler")
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem", "StartExecution")
RETRY_SECONDS = 0.05
CALLS = 8


def _clock() -> Any:
    path = Path(__file__).parents[3] / "local" / "virtual_clock.py"
    spec = importlib.util.spec_from_file_location("virtual_clock", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.from_file()


class Waits:
    """Every Wait state that has begun and not ended, by the virtual instant at which it ends."""

    def __init__(self) -> None:
        self._clock = _clock()
        self._lock = threading.Lock()
        self._released = datetime.min.replace(tzinfo=UTC)
        self._ends: list[tuple[datetime, int, threading.Event]] = []
        self._number = 0

    def wait(self, seconds: float) -> None:
        with self._lock:
            until = self._clock.now() + timedelta(seconds=seconds)
            if seconds <= 0 or until <= self._released:
                return
            over = threading.Event()
            self._number += 1
            heapq.heappush(self._ends, (until, self._number, over))
        over.wait()

    def release(self, until: datetime) -> None:
        with self._lock:
            self._released = until
            while self._ends and self._ends[0][0] <= until:
                heapq.heappop(self._ends)[2].set()  # it counts as under way from now on

    def waiting(self) -> tuple[int, str | None]:
        """How many, and when the next one ends."""
        with self._lock:
            return len(self._ends), self._ends[0][0].isoformat() if self._ends else None


class Deaths:
    """Kills the worker that writes, at some of its writes."""

    def __init__(self) -> None:
        self.one_at_a_time = threading.Lock()
        self.worker: Any = None
        self.died: list[str] = []
        self._random = Random()
        self._share, self._most = 0.0, 0

    def plan(self, seed: int, share: float, most: int) -> None:
        self._random, self._share, self._most = Random(seed), share, most
        self.died.clear()

    @property
    def planned(self) -> bool:
        return self._share > 0

    def at(self, write: str) -> str:
        """`before`, `after`, or nothing."""
        if self.worker is None or not self.planned or len(self.died) >= self._most:
            return ""
        if self._random.random() >= self._share:
            return ""
        when = self._random.choice(("before", "after"))
        self.died.append(f"{self.worker.config['Handler'].split('.')[-2]} {when} {write}")
        return when

    def kill(self) -> None:
        os.kill(self.worker._proc.pid, signal.SIGKILL)


def _is_mortal(worker: Any) -> bool:
    return str(worker.config.get("Handler", "")).endswith(MORTAL)


waits, deaths = Waits(), Deaths()
running = 0
_counting = threading.Lock()
_in_a_wait = threading.local()


def _wait_by_the_clock() -> None:
    execute_wait, sleep = sfn._execute_wait, time.sleep

    def executed(*arguments: Any, **named: Any) -> Any:
        _in_a_wait.now = True
        try:
            return execute_wait(*arguments, **named)
        finally:
            _in_a_wait.now = False

    def slept(seconds: float) -> None:
        if getattr(_in_a_wait, "now", False):
            waits.wait(seconds)
        else:  # before a task is tried again
            sleep(min(seconds, RETRY_SECONDS))

    sfn._execute_wait, sfn._scaled_sleep = executed, slept


def _count_executions() -> None:
    run, call, few = sfn._run_execution, sfn._call_lambda, threading.Semaphore(CALLS)

    def counted(arn: str) -> None:
        global running
        with _counting:
            running += 1
        try:
            run(arn)
        finally:
            with _counting:
                running -= 1

    def called(*arguments: Any) -> Any:
        with few:
            return call(*arguments)

    sfn._run_execution, sfn._call_lambda = counted, called


def _die_at_writes() -> None:
    invoke = lambda_runtime.Worker.invoke

    def invoked(worker: Any, *arguments: Any, **named: Any) -> Any:
        if not deaths.planned or not _is_mortal(worker):
            return invoke(worker, *arguments, **named)
        with deaths.one_at_a_time:
            deaths.worker = worker
            try:
                return invoke(worker, *arguments, **named)
            finally:
                deaths.worker = None

    lambda_runtime.Worker.invoke = invoked
    for service in (dynamodb, sfn):
        service.handle_request = _mortal(service.handle_request)


def _mortal(handle: Callable[..., Any]) -> Callable[..., Any]:
    async def handled(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        write = str(headers.get("x-amz-target", "")).rpartition(".")[2]
        when = deaths.at(write) if write in WRITES else ""
        if when == "before":
            deaths.kill()
            return 500, {}, b""
        answer = await handle(method, path, headers, body, query)
        if when == "after":
            deaths.kill()
        return answer

    return handled


def under_way() -> dict[str, int]:
    """What is not at rest, by kind."""
    waiting, _ = waits.waiting()
    total, _ = lambda_svc.executions_in_flight()
    found = {
        "executions": running - waiting,
        "functions": total + sum(lambda_svc._esm_inflight.values()),
        "messages": sum(
            len(queue["messages"])
            for (*_, url), queue in list(sqs._queues._data.items())
            if not any(name in url for name in OBSERVERS)
        ),
        "changes": sum(_unread()),
    }
    return {name: number for name, number in found.items() if number}


def _unread() -> Iterator[int]:
    """Records of each stream that its function has not had."""
    for account, region, mapping in lambda_svc._iter_all_esms():
        source = mapping.get("EventSourceArn", "")
        if ":dynamodb:" in source:
            table = source.split("/stream/")[0].split("/")[-1]
            end = dynamodb.stream_end_position(table, account_id=account, region=region)
            read = lambda_svc._dynamodb_stream_positions.get_scoped(account, region, mapping["UUID"], 0)
            yield end - read


class Control(BaseHTTPRequestHandler):
    """What a test asks."""

    def do_GET(self) -> None:
        _, upcoming = waits.waiting()
        self._answer({"under_way": under_way(), "next": upcoming, "died": deaths.died})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/release":
            waits.release(datetime.fromisoformat(body["until"]))
        else:
            deaths.plan(**body)
        self._answer({})

    def _answer(self, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


if __name__ == "__main__":
    _wait_by_the_clock()
    _count_executions()
    _die_at_writes()
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ[CONTROL_PORT])), Control)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    runpy.run_module("ministack", run_name="__main__")
