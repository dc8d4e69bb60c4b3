"""The whole road on the emulator: the very command of the README, with a small slice of customers; and then real client
libraries against what it deployed."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

from halte.marketers import HttpMarketers, Refused
from infra.local_stage import LEFT_OUT
from local.preflight import STATE
from tests.infra.conftest import Assembly
from tests.support.templates import synthesise
from tests.system.sdks import CALLS, NODE, PYTHON, ROOT, Door, passed_on, run_node, run_python

BY_FILE = re.compile("MailReport|OnReportFiles|(FeedbackDestination|MarketingFeedback)Files")
"""What the emulator has no road for: all of `infra/constructs/mail_files.py`."""

SECONDS = 900
LANDING_SECONDS = 240


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`python -m local run`, ended by Ctrl-C as a person would; or after a while, if it hangs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "run", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "160", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # a Ctrl-C is its own
    )
    stuck = Timer(SECONDS, process.send_signal, [signal.SIGINT])  # it takes down what it started
    stuck.start()
    try:
        yield process
    finally:
        stuck.cancel()
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise


def report(process: subprocess.Popen[str]) -> str:
    """What it says until it serves, or to its end."""
    said = []
    for line in process.stdout or ():
        said.append(line)
        if line.startswith("Its keys:"):
            break
    return "".join(said)


@pytest.mark.system
@pytest.mark.capability("002-1")
@pytest.mark.capability("003-21")
@pytest.mark.capability("003-22")
def test_every_check_of_a_run_holds_and_real_sdks_reach_it() -> None:
    """Then four client libraries send at once, through the HTTP API as it is deployed (API, Lambda, queue): none
    reports an error, and everything lands on the one person it is about, once, though a slow machine may make a
    library send its batch again."""
    with running(
        "--customers", "12", "--days", "150", "--withdrawals", "5", "--page-port", "0", "--gateway-port", "0"
    ) as process:
        output = report(process)
        checks = re.findall(r"^\W*([✓✗]) (.+)$", output, flags=re.MULTILINE)
        assert len(checks) >= 8, output[-6000:]
        assert {mark for mark, _ in checks} == {"✓"}, checks
        (url,) = re.findall(r"^API, .*: (\S+) \(POST", output, flags=re.MULTILINE)
        ((write_key, api_key),) = re.findall(
            r"^Its keys: (\S+) for SDKs, (\S+) for", output, flags=re.MULTILINE
        )
        assert asked_by_a_browser(url) == (204, "*", {"authorization", "content-type"})
        assert console_of(url, api_key) > 0
        sent_by_sdks(url, write_key)
        counts, sent = landed(HttpMarketers(url, api_key)), {name: n * SDKS for name, n in CALLS.items()}
        assert counts | {"group": 0} == sent | {"group": 0}
        assert counts["group"] >= sent["group"]  # the firm tells its people what others said of it
    assert process.returncode == 0
    all_but_what_it_says_is_deployed()


def all_but_what_it_says_is_deployed() -> None:
    """Templates of the local stage beside those of an AWS account, but for deliveries that come by the file."""

    def types(folder: Path) -> Counter[str]:
        templates = Assembly(folder).templates.values()
        found = (one for template in templates for one in template["Resources"].items())
        return Counter(resource["Type"] for name, resource in found if not BY_FILE.match(name))

    deployed, prod = types(STATE / "cdk.out"), types(synthesise())
    assert set(prod - deployed) == set(LEFT_OUT)
    assert not deployed - prod


def asked_by_a_browser(url: str) -> tuple[int, str | None, set[str]]:
    """Before a page of a shop posts a batch with its key: the answer, who may ask, and what of it they may send."""
    wanted = {"authorization", "content-type"}
    asks = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ",".join(sorted(wanted)),
    }
    request = urllib.request.Request(f"{url}/v1/batch", method="OPTIONS", headers=asks)
    with urllib.request.urlopen(request, timeout=30) as answer:
        allowed = answer.headers["Access-Control-Allow-Headers"].split(",")
        return answer.status, answer.headers["Access-Control-Allow-Origin"], wanted & set(allowed)


def console_of(url: str, api_key: str) -> int:
    """The console as it is deployed, packed and plain; the number of messages in its outbox."""
    for name in ("", "/app.mjs", "/style.css"):
        packed = urllib.request.Request(f"{url}/console{name}", headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(packed, timeout=30) as answer:
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Content-Encoding"] == "gzip"
            content = gzip.decompress(answer.read())
        with urllib.request.urlopen(f"{url}/console{name}", timeout=30) as answer:
            assert answer.read() == content
    request = urllib.request.Request(f"{url}/local/outbox", headers={"Authorization": f"Bearer {api_key}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return len(json.load(answer)["messages"])


SDKS = len(PYTHON) + len(NODE)


def sent_by_sdks(url: str, write_key: str) -> None:
    """Every SDK sends, side by side; every batch taken, no error told."""
    door = Door(passed_on(url))
    door.start()
    try:
        with ThreadPoolExecutor(SDKS) as pool:
            told = [
                *(pool.submit(run_python, name, door.url, write_key) for name in PYTHON),
                *(pool.submit(run_node, name, door.url, write_key) for name in NODE),
            ]
            assert [one.result() for one in told] == [[]] * SDKS
    finally:
        door.stop()
    assert set(door.answers) == {200}
    sent = [message_id for batch in door.batches for message_id in batch]
    assert len(set(sent)) == SDKS * sum(CALLS.values())


def landed(api: HttpMarketers) -> dict[str, int]:
    """The events by type of the person whom all of them are about, once they are there."""
    deadline = time.monotonic() + LANDING_SECONDS
    counts: dict[str, int] = {}
    while any(counts.get(name, 0) < n * SDKS for name, n in CALLS.items()) and time.monotonic() < deadline:
        time.sleep(0.5)
        try:
            counts = api.call("GET", "/profiles/userId:user-1")["counts"]
        except Refused:  # nobody is known by it yet
            continue
    return counts
