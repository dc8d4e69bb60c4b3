"""A real browser without a driver: headless Chromium, spoken to in its own protocol over a pipe."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from types import TracebackType
from typing import Any, Self

PATIENCE = 20.0
_KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Space": (32, " "), "ArrowDown": (40, ""), "End": (35, "")}
"""The virtual code of each key, and what it types."""

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--remote-debugging-pipe",
)


def found() -> str:
    """The browser on this machine, or empty."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""


class Chromium:
    """One browser with one tab; open it with `with`."""

    def __init__(self) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        orders_in, self._orders = _high_pipe()
        self._answers, answers_out = _high_pipe()
        redirected = f'exec "$0" "$@" 3<&{orders_in} 4>&{answers_out}'
        command = ["bash", "-c", redirected, found(), *_FLAGS, f"--user-data-dir={self._profile.name}"]
        self._process = subprocess.Popen(
            command,
            pass_fds=(orders_in, answers_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(orders_in)
        os.close(answers_out)
        self._unread = b""
        self._number = 0
        self._session = ""

    def __enter__(self) -> Self:
        target = self.order("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.order("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.order("Page.enable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = ""
        self.order("Browser.close")
        self._process.wait(timeout=PATIENCE)
        os.close(self._orders)
        os.close(self._answers)
        self._profile.cleanup()

    def open(self, url: str) -> None:
        """Load a page and wait until it is there, scripts run."""
        self.order("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script: str) -> Any:
        """What an expression gives in the page; promises are waited for."""
        answer = self.order("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return answer["result"].get("value")

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key of the keyboard by its name (`Tab`, `Enter`, `Space`, `ArrowDown`), and let it go."""
        code, text = _KEYS[key]
        named = {
            **{"key": text if key == "Space" else key, "code": key, "windowsVirtualKeyCode": code},
            "modifiers": 8 if shift else 0,
        }
        self.order("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **named)
        self.order("Input.dispatchKeyEvent", type="keyUp", **named)

    def type(self, text: str) -> None:
        """Type text where the focus is."""
        self.order("Input.insertText", text=text)

    def looks(self, *, width: int, dark: bool = False, printed: bool = False) -> None:
        """Be as wide as this (CSS pixels), for somebody who likes light or dark; or show how it is printed."""
        self.order(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.order("Emulation.setEmulatedMedia", media="print" if printed else "screen", features=[scheme])

    def picture(self) -> bytes:
        """The whole page as a PNG."""
        answer = self.order("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    def pdf(self) -> bytes:
        """The page as it is printed, on the paper that its style asks for."""
        return base64.b64decode(self.order("Page.printToPDF", preferCSSPageSize=True)["data"])

    def until(self, condition: str) -> None:
        """Wait until an expression holds.

        Raises:
            TimeoutError: it does not, for long.
        """
        end = time.monotonic() + PATIENCE
        while not self.run(condition):
            if time.monotonic() > end:
                raise TimeoutError(condition)
            time.sleep(0.02)

    def order(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the DevTools protocol; its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._orders, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            more = os.read(self._answers, 65536)
            if not more:
                raise RuntimeError("the browser is gone")
            self._unread += more
        text, _, self._unread = self._unread.partition(b"\0")
        return dict(json.loads(text))


def _high_pipe() -> tuple[int, int]:
    """A pipe whose ends are far from 3 and 4, where the browser wants its own."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 50) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]
