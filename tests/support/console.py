"""The console as its user meets it: signing in, going from page to page, and what a browser holds against it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.support.axe import AXE
from tests.support.chromium import Chromium
from tests.support.road import ADMIN_KEY
from tests.support.road_server import RoadServer
from tests.support.shop import Shop

HOSTILE = '<img src=x onerror="window.attacked=1"><script>window.attacked=1</script>'
SETTLED = "!!document.querySelector('main h1') && !document.querySelector('[aria-busy]')"
_HASTE = 40
"""How much faster than real the page's own timers run."""

_WATCH = f"""
window.faults = [];
const note = text => window.faults.push(text);
addEventListener("securitypolicyviolation", e => note(`policy: ${{e.effectiveDirective}} ${{e.blockedURI}}`), true);
addEventListener("error", e => note(`error: ${{e.message ?? e.target?.src}}`), true);
addEventListener("unhandledrejection", e => note(`rejected: ${{e.reason}}`));
const later = window.setTimeout;
window.setTimeout = (call, wait, ...rest) => later(call, wait / {_HASTE}, ...rest);
"""


@dataclass
class Console:
    """One tab of it; `base` is the address of the API that `server` answers."""

    shop: Shop
    server: RoadServer
    base: str
    browser: Chromium

    def __post_init__(self) -> None:
        self.browser.order("Page.addScriptToEvaluateOnNewDocument", source=_WATCH)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{self.base}/console"

    def profile(self, user: str) -> str:
        """A customer's profile id."""
        found = self.shop.road.http("GET", f"/profiles/userId:{user}", admin=True).json()
        return str(found["profile_id"])

    def arrive(self, key: str = "") -> None:
        """Open it in a tab that holds `key`, or none."""
        self.browser.open(f"{self.url}/icon.svg")
        self.browser.run("sessionStorage.clear()")
        self.browser.open(self.url)
        self.browser.until(SETTLED)
        if key:
            self.sign_in(key)

    def sign_in(self, key: str = ADMIN_KEY) -> None:
        """Type a key and press Enter, and wait for what comes of it."""
        self.browser.run("document.getElementById('key').focus()")
        self.browser.order("Input.insertText", text=key)
        self.press("Enter")
        self.browser.until("!document.querySelector('main button:disabled')")
        self.browser.until(SETTLED)

    def press(self, key: str) -> None:
        """One key of the keyboard."""
        code = {"Enter": 13, "Tab": 9}[key]
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if (key, kind) == ("Enter", "keyDown") else {}
            self.browser.order(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text
            )

    def go(self, address: str) -> str:
        """Follow an address such as `journeys/welcome`; the page's text."""
        self.browser.run(
            f"window.left = document.querySelector('main h1'); location.hash = {json.dumps('#/' + address)}"
        )
        self.browser.until(f"document.querySelector('main h1') !== window.left && {SETTLED}")
        return self.text()

    def text(self) -> str:
        """What stands on the page."""
        return str(self.browser.run("document.querySelector('main').innerText"))

    def look(self, width: int, scheme: str) -> None:
        """A screen of this width, of somebody who prefers `light` or `dark`."""
        media = [{"name": "prefers-color-scheme", "value": scheme}]
        self.browser.order("Emulation.setEmulatedMedia", features=media)
        self.browser.order(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )

    def faults(self, rules: tuple[str, ...] = ()) -> list[str]:
        """What axe-core (all its rules, or just these), the browser and its policy hold against this page."""
        if not self.browser.run("!!window.axe"):
            self.browser.run(AXE.read_text() + ";0")
        only: dict[str, Any] = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
        options = json.dumps({"resultTypes": ["violations"], "iframes": False, **only})
        judged = self.browser.run(
            f"axe.run(document, {options}).then(all => all.violations.flatMap(one => one.nodes.map(node => "
            "`${one.id}: ${node.target} ${node.failureSummary}`)))"
        )
        wide = self.browser.run("document.documentElement.scrollWidth > innerWidth")
        return [*judged, *self.browser.run("window.faults"), *(["it scrolls sideways"] if wide else [])]
