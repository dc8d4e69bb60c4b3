"""Who opened or clicked, by the agent's own words: a person's program, a proxy that fetches on delivery, or a machine.

No list of robots is ever complete, so the rule is the other way round: a person's program is one that says nothing but
what browsers and mail programs are known to say. What else it may be is a machine.
"""

from __future__ import annotations

import re
from typing import Literal

Agent = Literal["person", "proxy", "machine"]
"""`proxy`: a mailbox provider fetches pictures for its users, whether they look or not."""

_PROXIES = re.compile(r"GoogleImageProxy|YahooMailProxy|via ggpht\.com", re.IGNORECASE)
_APPLE_PRIVACY = "Mozilla/5.0"
"""All that Apple's Mail Privacy Protection says of itself."""

_WORDS = re.compile(
    r"bot\b|bot[^a-z ]|crawl|spider|slurp|https?:|www\.|@|\.(?:com|net|org|io|gy|ai)\b|headless|preview|scan|fetch"
    r"|monitor|check|validat|verif|feed|archiv|index|agent\b|agent[/-]|survey|scrap|audit|research|synthetics|selenium"
    r"|inspect|optimi[sz]er|favicon|google-|khtml, like gecko[^ )]|appinsights|datanyze|turingos|rigor\b|watchtowr",
    re.IGNORECASE,
)
"""Of those who say what they do."""

_SAID = """
2345explorer abrowser adg airmail aloha alohabrowser amazonaloha android aol applemail applewebkit atomshield
avast avg baiduboxapp barcelona basilisk bidubrowser bingsapphire brave build bytedancewebview ccleaner chrome
chromium coc_coc_browser crios cyberghost dalvik ddg debian dm dolphin duckduckgo duckduckgobrowser ecosia edg
edga edge edgios emclient epiphany falkon fb_iab fban fbav fbios fedora firefox flyme focus focusios for fxios
gecko ghostery gsa heytapbrowser hibrowser honorbrowser huaweibrowser iceweasel instabridge instagram iphone
iron kakaotalk khtml kindle klar konqueror language lbbrowser librewolf lightning like line linkedinapp mac mail
maxthon metasr micromessenger microsoft miui miuibrowser mobile mozilla mqqbrowser msoffice musical_ly mzbrowser
naver nettype nintendo nokiabrowser norton office opera opr oprgx oprtouch opt opx otter outlook outlook-android
outlook-ios palemoon phoenix pinterest playstation postbox presto puffin qqbrowser qtwebengine quark sa safari
samsungbrowser se seamonkey series60 seznam silk slbrowser sleipnir smarttv snapchat sogoumobilebrowser
sparkdesktop superhuman sznprohlizec theworld thunderbird tiktok tizen transsionbrowser trill twitter ubuntu
ucbrowser ucweb version viasat vivaldi vivobrowser waterfox web0s webview wechat whale whatsapp whatsappbrowser
windows windowswechat xiaomi yabrowser yasearchbrowser yowser
"""
_PRODUCTS = frozenset(_SAID.split())
"""Products that a person's browser or mail program names outside parentheses."""

_FAMILY = re.compile(r"(?:mozilla/[45]\.0 \(|opera/\d|microsoft office/\d|outlook|dalvik/)", re.IGNORECASE)
_PLACES = re.compile(
    r"windows|macintosh|linux|iphone|ipad|ipod|android|x11|cros|mobile|tablet|tizen|web0s|playstation|nintendo"
    r"|freebsd|openbsd|msie|ms-?office|kaios|harmony|symbian",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_PRODUCT = re.compile(r"[A-Za-z0-9_.-]+")
_COMPATIBLE = re.compile(r"compatible(?!; *(?:msie|ms-office))", re.IGNORECASE)
_LONGEST = 1_000


def agent_of(words: str) -> Agent:
    """What an HTTP User-Agent stands for; nothing said is a machine."""
    said = words[:_LONGEST].strip()
    if said == _APPLE_PRIVACY or _PROXIES.search(said):
        return "proxy"
    if not _FAMILY.match(said) or _WORDS.search(said) or _COMPATIBLE.search(said):
        return "machine"
    if not _PLACES.search(said):
        return "machine"
    asides = 1
    while asides:
        said, asides = _ASIDE.subn(" ", said)
    named = (match.group(0).lower() for match in map(_PRODUCT.match, said.split()) if match)
    return "person" if all(_is_known(name) for name in named) else "machine"


def _is_known(name: str) -> bool:
    return name in _PRODUCTS or name.replace(".", "").isdigit()
