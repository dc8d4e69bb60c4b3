"""MiniStack, the AWS emulator, in a virtual environment and a process group of its own.

Its site-packages and its whole environment leak into the functions it runs, so both hold only what they must.
Nothing survives it: every run starts from an empty account.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.preflight import ROOT, uv_beside

ACCOUNT = "000000000000"
REGION = "us-east-1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}
"""The emulator's own fixed account; they open nothing anywhere else."""

_BOOT_SECONDS = 30


class EmulatorFailed(Exception):
    """The emulator did not start; the message holds the end of its log."""


def install(state: Path) -> Path:
    """Put the emulator's locked packages in their own virtual environment; its interpreter.

    Raises:
        subprocess.CalledProcessError: the packages can't be installed.
    """
    venv = state / "emulator"
    uv = uv_beside(sys.executable)
    subprocess.run(
        [
            *(str(uv) if uv.exists() else "uv", "sync", "--quiet", "--frozen", "--only-group", "emulator"),
            *("--python", sys.executable),
        ],
        cwd=ROOT,
        env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(venv)},
        check=True,
        capture_output=True,
        text=True,
    )
    return venv / "bin" / "python"


class Emulator:
    """One running emulator; always `stop` it, or its workers outlive the run. `program` are the arguments that start
    it."""

    def __init__(
        self,
        state: Path,
        port: int,
        environment: Mapping[str, str],
        program: Sequence[str] = ("-m", "ministack"),
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = state / "logs" / "emulator.log"
        self.peak_memory = 0
        self._state = state
        self._port = port
        self._environment = dict(environment)
        self._program = program
        self._pid_file = state / "emulator.pid"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, interpreter: Path) -> None:
        """Start with an empty account and wait until it answers.

        Raises:
            EmulatorFailed: it ended, or did not answer in time.
        """
        self._end_leftover()
        self._put_aside()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [interpreter, *self._program],
                cwd=self._state,
                env=self._env(),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._pid_file.write_text(str(self._process.pid))
        self._await_ready()

    def _put_aside(self) -> None:
        """Begin with empty folders; what is in them goes while the run goes on."""
        old = self._state / "old"
        for folder in (self._state / name for name in ("data", "s3", "tmp")):
            if folder.exists():
                old.mkdir(exist_ok=True)
                folder.rename(old / f"{folder.name}-{time.time_ns()}")
            folder.mkdir(parents=True)
        threading.Thread(
            target=shutil.rmtree, args=(old,), kwargs={"ignore_errors": True}, name="sweeper", daemon=True
        ).start()

    def _env(self) -> dict[str, str]:
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SSL_CERT_FILE") if name in os.environ
        }
        return {
            **kept,
            **CREDENTIALS,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self._port),
            "MINISTACK_REGION": REGION,
            "LOG_LEVEL": "WARNING",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",
            "LAMBDA_WARM_TTL_SECONDS": "120",
            "STATE_DIR": str(self._state / "data"),
            "S3_DATA_DIR": str(self._state / "s3"),
            "TMPDIR": str(self._state / "tmp"),
            **self._environment,
        }

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _BOOT_SECONDS
        while time.monotonic() < deadline:
            if self._process and self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        tail = self.log.read_text(errors="replace")[-2000:]
        self.stop()
        raise EmulatorFailed(f"the emulator did not start on {self.url}:\n{tail}")

    def configure(self, setting: str, value: Any) -> None:
        """Change one of the emulator's settings while it runs.

        Raises:
            EmulatorFailed: it did not take the setting.
        """
        body = json.dumps({setting: value}).encode()
        request = urllib.request.Request(f"{self.url}/_ministack/config", data=body, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            if setting not in json.loads(answer.read())["applied"]:
                raise EmulatorFailed(f"the emulator does not know the setting {setting}")

    def parked(self) -> dict[str, dict[str, str]]:
        """All messages in all queues, by queue URL: id to body; reading them changes nothing."""
        with urllib.request.urlopen(f"{self.url}/_ministack/sqs/messages", timeout=30) as answer:
            accounts = json.loads(answer.read())["messages"]
        return {
            url: {message["MessageId"]: message["Body"] for message in messages}
            for regions in accounts.values()
            for queues in regions.values()
            for url, messages in queues.items()
        }

    def sample_memory(self) -> int:
        """Resident bytes of the emulator and its workers now; keeps the peak."""
        if self._process:
            self.peak_memory = max(self.peak_memory, _group_memory(self._process.pid))
        return self.peak_memory

    def complaints(self) -> list[str]:
        """Lines of the log that say something was not done."""
        words = ("unsupported", "not delivered")
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return [line for line in lines if any(word in line.lower() for word in words)]

    def stop(self) -> None:
        """End the emulator and every worker it started."""
        if self._process:
            _end_group(self._process.pid)
            self._process.wait(timeout=10)
            self._process = None
        self._pid_file.unlink(missing_ok=True)

    def _end_leftover(self) -> None:
        """End what a crashed run left behind, if the process with that id still is an emulator of ours."""
        if not self._pid_file.exists():
            return
        pid = int(self._pid_file.read_text() or 0)
        if any(b"ministack" in _command(member) for member in _group(pid)) or b"ministack" in _command(pid):
            _end_group(pid)
        self._pid_file.unlink(missing_ok=True)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _group(leader: int) -> list[int]:
    """The processes of a process group, by Linux's /proc (elsewhere: just the leader)."""
    members = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[2]) == leader:
            members.append(int(entry.parent.name))
    return members or [leader]


def _group_memory(leader: int) -> int:
    total = 0
    for pid in _group(leader):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total


def _end_group(leader: int) -> None:
    for order, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 1.0)):
        try:
            os.killpg(leader, order)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not any(_is_alive(pid) for pid in _group(leader)):
                return
            time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
