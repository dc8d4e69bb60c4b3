"""Pages in a real browser, judged by axe-core: at the width of a phone and of a desk."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTHS = (320, 1280)

_HARNESS = """<!doctype html><html lang="en"><title>axe</title><body><pre id="found">nothing was run</pre>
<script id="pages" type="application/json">%(pages)s</script>
<script id="axe" type="text/plain">%(axe)s</script>
<script>
const pages = JSON.parse(document.getElementById("pages").textContent);
const axe = document.getElementById("axe").textContent.replaceAll("<\\\\/script", "</script");
async function judged(name, source, width) {
  const frame = document.createElement("iframe");
  frame.style.width = width + "px"; frame.style.height = "2000px"; frame.srcdoc = source;
  const loaded = new Promise(done => frame.onload = done);
  document.body.append(frame); await loaded;
  const inside = frame.contentWindow, script = inside.document.createElement("script");
  const wide = inside.document.documentElement.scrollWidth;
  script.textContent = axe; inside.document.head.append(script);
  const result = await inside.axe.run(inside.document, {resultTypes: ["violations", "incomplete"]});
  const found = [...result.violations, ...result.incomplete].flatMap(one =>
    one.nodes.map(node => `${one.id} (${one.impact}): ${node.target} ${node.failureSummary || ""}`));
  if (wide > width) found.push(`reflow: the page is ${wide} wide in ${width}`);
  frame.remove();
  return {page: name, width, passes: result.passes.length, found};
}
(async () => {
  const all = [];
  for (const width of %(widths)s) for (const [name, source] of Object.entries(pages))
    all.push(await judged(name, source, width));
  document.getElementById("found").textContent = JSON.stringify(all);
})();
</script></body></html>"""


def violations(pages: Mapping[str, str], folder: Path) -> list[str]:
    """What axe-core finds in pages by name, and where they scroll sideways; empty when everybody can use them.

    Skips the test where there is no browser or axe-core is not installed.
    """
    browser = next((found for one in BROWSERS if (found := shutil.which(one))), None)
    if browser is None or not AXE.exists():
        pytest.skip(f"no browser ({', '.join(BROWSERS)}) or no {AXE.name}: pages were not judged by axe-core")
    shown = {
        "pages": _inline(json.dumps(dict(pages))),
        "axe": _inline(AXE.read_text()),
        "widths": list(WIDTHS),
    }
    harness = folder / "axe.html"
    harness.write_text(_HARNESS % shown)
    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    command += [f"--user-data-dir={folder / 'browser'}", "--virtual-time-budget=600000", "--dump-dom"]
    ran = subprocess.run(
        [*command, harness.as_uri()], capture_output=True, text=True, timeout=180, check=True
    )
    found = re.search(r'<pre id="found">(.*?)</pre>', ran.stdout, re.DOTALL)
    assert found, ran.stderr[-500:]
    judged = json.loads(html.unescape(found[1]))
    assert len(judged) == len(pages) * len(WIDTHS)
    assert all(one["passes"] > 10 for one in judged)
    return [f"{one['page']} at {one['width']}: {fault}" for one in judged for fault in one["found"]]


def _inline(text: str) -> str:
    return text.replace("</script", "<\\/script")
