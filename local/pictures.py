"""Journeys' pictures: Graphviz DOT drawn as SVG."""

from __future__ import annotations

import re
import subprocess
from functools import lru_cache
from html import escape

from local.preflight import ROOT

_TITLES = re.compile(r"<title>.*?</title>|<!--.*?-->", re.DOTALL)
"""What Graphviz names its shapes: not for readers, and a page has one title."""


@lru_cache(maxsize=64)
def picture(dot: str) -> str:
    """Graphviz DOT as SVG.

    Raises:
        subprocess.CalledProcessError: it is not DOT.
    """
    drawn = subprocess.run(
        ["node", str(ROOT / "local" / "diagram.mjs")],
        input=dot,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    return drawn.stdout


def inline(svg: str, alternative: str) -> str:
    """A picture as a part of a page, with the text that stands for it."""
    bare = _TITLES.sub("", svg[svg.index("<svg") :])
    return bare.replace("<svg ", f'<svg role="img" aria-label="{escape(alternative)}" ', 1)
