"""Who an agent is, by real strings of robots and of people's programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.delivery.domain.agents import agent_of

ROBOTS = Path(__file__).parents[3].parent / "shared" / "data" / "user-agents" / "crawler-user-agents.json"

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko)"
PEOPLE = (
    f"{WINDOWS} Chrome/142.0.0.0 Safari/537.36",
    f"{WINDOWS} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    f"{WINDOWS} Chrome/141.0.0.0 Safari/537.36 OPR/125.0.0.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0",
    f"{MAC} Version/18.3 Safari/605.1.15",
    MAC,
    f"{IPHONE} Version/18.3 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Mobile/15E148",
    f"{IPHONE} CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1",
    f"{IPHONE} GSA/350.0.7 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Mobile/22D63 [FBAN/FBIOS;FBAV/500.0;FBBV/1;FBDV/iPhone15,2]",
    f"{ANDROID} Chrome/142.0.0.0 Mobile Safari/537.36",
    f"{ANDROID} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; SM-S901B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/142.0.7444.102 Mobile Safari/537.36 Instagram 406.0.0.58.159 Android",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; Microsoft Outlook 16.0)",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17126; Pro)",
    "Outlook-iOS/723.4027091.prod.iphone (4.28.0) iPhone",
    "Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.18",
)


@pytest.mark.parametrize("words", PEOPLE)
def test_a_persons_program_is_one(words: str) -> None:
    assert agent_of(words) == "person"


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("", "machine"),
        ("   ", "machine"),
        ("Mozilla/5.0", "proxy"),
        (
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
            "proxy",
        ),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "proxy"),
        ("python-requests/2.32", "machine"),
        ("curl/8.5.0", "machine"),
        ("Mozilla/5.0 (compatible; Brand-new thing)", "machine"),
        (f"{WINDOWS} Chrome/142.0.0.0 Safari/537.36 SomeScanner/1.0", "machine"),
        (f"{WINDOWS} HeadlessChrome/142.0.0.0 Safari/537.36", "machine"),
        ("Mozilla/5.0 (", "machine"),
        ("(" * 100_000, "machine"),
        ("Mozilla/5.0 (Windows" + "()" * 50_000, "person"),
    ],
)
def test_what_else_there_is(words: str, who: str) -> None:
    assert agent_of(words) == who


@pytest.mark.capability("000-34")
def test_every_known_robot_is_told_from_people() -> None:
    """All 2,117 strings of real robots; a mail proxy opens for its users and is no robot, nor a person who looked."""
    if not ROBOTS.exists():
        pytest.skip("SKIPPED LOUDLY: the user agents are not on this machine")
    words = [one for robot in json.loads(ROBOTS.read_text()) for one in robot.get("instances", [])]
    told = {one: agent_of(one) for one in words}

    assert len(told) == 2_117
    assert [one for one, who in told.items() if who == "person"] == []
    proxies = [one for one, who in told.items() if who == "proxy"]
    assert len(proxies) == 2
    assert all("GoogleImageProxy" in one or "YahooMailProxy" in one for one in proxies)
