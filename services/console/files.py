"""The console's files, and under which rules a browser may use them; pure but for reading the folder once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

STATIC = Path(__file__).with_name("static")
INDEX = "index.html"
FRAME = "frame.html"

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Script and style are files of ours, requests go to the API's own origin, and no text can become markup."""

FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data: https:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)
"""The frame shows what is sent to customers, which brings its own style and pictures: it has no origin, so that
nothing in it reaches the page around it, its storage or the API, and only our script runs in it."""


@dataclass(frozen=True)
class File:
    """What is answered for a name: `headers` hold its type, its ETag and its policy."""

    content: bytes
    content_type: str
    headers: Mapping[str, str]

    @property
    def tag(self) -> str:
        """Its ETag."""
        return self.headers["ETag"]


def read(stage: str, folder: Path = STATIC) -> dict[str, File]:
    """Every file of the console by name; the page knows which `stage` it shows."""
    found = {}
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        if path.name == INDEX:
            content = content.replace(b"$stage", escape(stage).encode())
        found[path.name] = _file(path.name, content)
    return found


def is_fresh(file: File, if_none_match: str) -> bool:
    """Does a browser that sends this `If-None-Match` have the file as it is?"""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return file.tag in tags or "*" in tags


def _file(name: str, content: bytes) -> File:
    tag = hashlib.sha256(content).hexdigest()[:32]
    headers = {
        "ETag": f'"{tag}"',
        "Cache-Control": "no-cache",  # kept, but asked for again: names stay when a file changes
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": FRAME_POLICY if name == FRAME else POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
    if name == INDEX:
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return File(content, _TYPES[Path(name).suffix], headers)
