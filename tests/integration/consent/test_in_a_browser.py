"""Pages in a real browser that runs no script of theirs: by keyboard alone, narrow, in both languages; and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.consent.handlers.proof_pages import proof_page
from tests.integration.consent.conftest import World
from tests.integration.consent.test_preferences import ANN, allow_by_link, known, link, open_page, state
from tests.integration.consent.test_proof import proof_of, whole_life
from tests.integration.consent.test_scanners import links, served
from tests.support.chromium import Chromium, found

A4_WIDTH = 657
"""Pixels between margins of 18 mm."""

CUT_OFF = """[...document.querySelectorAll('pre, code, dd')]
  .filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
  .map(one => one.textContent)"""
"""What is wider than its place."""

FOCUS = """(() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect(), style = getComputedStyle(one);
  return {
    name: one.name || one.getAttribute('href') || one.type, tag: one.tagName,
    ringed: style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2,
    seen: box.top >= 6 && box.bottom <= innerHeight - 6 && box.left >= 6 && box.right <= innerWidth - 6,
  };
})()"""
"""What has the focus, whether it shows, and whether it is in sight with its ring (6 pixels)."""

STOPS = """[...document.querySelectorAll('a[href], input:not([type=hidden]), select, button')]
  .map(one => one.name || one.getAttribute('href') || one.type)"""
"""What can be used on a page, in the order in which it is read."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    if not found():
        pytest.skip("LOUD: there is no Chromium here, no keyboard was tried")
    with Chromium() as one:
        one.order("Emulation.setScriptExecutionDisabled", value=True)
        one.looks(width=320)
        yield one


def tab_to(browser: Chromium, name: str) -> None:
    """Press Tab until something has the focus."""
    for _ in range(60):
        browser.press("Tab")
        focus = browser.run(FOCUS)
        if focus and focus["name"] == name:
            return
    raise AssertionError(f"Tab never leads to {name}")


def walked(browser: Chromium, *, to: str, back: bool = False) -> list[str]:
    """Press Tab from stop to stop, each of which shows its focus and comes into sight; their names. A date is several
    stops, of day, month and year."""
    places: list[str] = []
    while (places or [""])[-1] != to:
        assert len(places) < 60, places
        browser.press("Tab", shift=back)
        browser.until(f"({FOCUS}).seen")
        focus = browser.run(FOCUS)
        assert focus["ringed"], focus
        if (places or [""])[-1] != focus["name"]:
            places.append(focus["name"])
    return places


def spoken(browser: Chromium) -> list[tuple[str, str]]:
    """Role and name of all that can have the focus, as a screen reader gets them."""
    nodes = browser.order("Accessibility.getFullAXTree")["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if any(p["name"] == "focusable" and p["value"]["value"] for p in node.get("properties", []))
        and node["role"]["value"] != "RootWebArea"
    ]


@pytest.mark.parametrize("language", ["en", "nl"])
def test_every_stop_of_the_preference_centre_is_reached_in_order_and_seen(
    world: World, browser: Chromium, language: str
) -> None:
    world.granted()
    known(world)
    browser.order("Emulation.setUserAgentOverride", userAgent="Chromium", acceptLanguage=language)
    with served(world) as site:
        browser.open(f"{site}/preferences?token={link(world)}")
        assert browser.run("document.documentElement.lang") == language
        stops = browser.run(STOPS)
        assert walked(browser, to=stops[-1]) == stops
        assert walked(browser, to=stops[0], back=True) == stops[-2::-1]
        roles = spoken(browser)
    assert len(roles) >= len(stops)
    assert [role for role in roles if not role[1].strip()] == []
    assert {role for role, _ in roles} >= {"checkbox", "textbox", "combobox", "Date", "button", "link"}


def test_wishes_are_changed_mended_and_saved_without_a_mouse(world: World, browser: Chromium) -> None:
    """Space unticks, arrows choose, Enter sends; after a mistake Enter on its line leads to the field."""
    allow_by_link(world)
    world.granted()
    known(world)
    with served(world) as site:
        browser.open(f"{site}/preferences?token={link(world)}")
        tab_to(browser, "permit:newsletter:email")
        browser.press("Space")
        tab_to(browser, "email")
        browser.type("nobody")
        tab_to(browser, "channel")
        browser.press("ArrowDown")
        chosen = browser.run("document.activeElement.value")
        tab_to(browser, "submit")
        browser.press("Enter")
        browser.until("!!document.querySelector('[role=alert]')")
        assert state(world) == "granted"
        tab_to(browser, "#f-email")
        browser.press("Enter")
        browser.until("document.activeElement.name === 'email'")
        browser.run("document.activeElement.select()")
        browser.type("ann@example.org")
        tab_to(browser, "submit")
        browser.press("Enter")
        browser.until("!document.forms.length")
    assert state(world) == "revoked"
    (told,) = [c for fact in world.published for c in fact.get("changes", []) if "change_id" in c]
    assert told["traits"] == {"preferredChannel": chosen}
    assert chosen == "email"


@pytest.mark.capability("003-22")
def test_confirming_and_leaving_take_two_keys(world: World, browser: Chromium) -> None:
    mailed = links(world)
    with served(world) as site:
        for path, key, address, expected in (
            ("/consents/confirm", "Enter", "bob@example.com", "granted"),
            ("/consents/unsubscribe", "Space", ANN, "revoked"),
        ):
            browser.open(f"{site}{path}?token={mailed[path]}")
            browser.press("Tab")
            assert browser.run(FOCUS)["ringed"]
            browser.press(key)
            browser.until("!document.forms.length")
            assert state(world, address=address) == expected


def test_who_likes_it_dark_gets_the_same_readable_page(
    world: World, browser: Chromium, tmp_path: Path
) -> None:
    """The pages have one look, a proof's as well: what axe-core says of it holds for everybody."""
    known(world)
    shown = {
        "centre": open_page(world, link(world))["body"],
        "refused": open_page(world, "forged")["body"],
        "proof": proof_page(proof_of(world, world.granted()), world.json("GET /ledger/key")[1], "en"),
    }
    for name, page in shown.items():
        file = tmp_path / f"{name}.html"
        file.write_text(page)
        pictures = []
        for dark in (False, True):
            browser.looks(width=320, dark=dark)
            browser.open(file.as_uri())
            assert browser.run("matchMedia('(prefers-color-scheme: dark)').matches") is dark
            pictures.append(browser.picture())
        assert pictures[0] == pictures[1], name


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_proof_is_printed_whole(world: World, browser: Chromium, tmp_path: Path, language: str) -> None:
    """On A4 nothing is cut off at the side, no step of the record is torn, and the browser's PDF has it all."""
    page = proof_page(proof_of(world, whole_life(world)), world.json("GET /ledger/key")[1], language)
    file = tmp_path / "proof.html"
    file.write_text(page)
    browser.looks(width=A4_WIDTH, printed=True)
    browser.open(file.as_uri())
    assert browser.run("document.documentElement.scrollWidth") <= A4_WIDTH
    assert browser.run(CUT_OFF) == []
    torn = "[...document.querySelectorAll('section')].map(e => getComputedStyle(e).breakInside)"
    assert set(browser.run(torn)) == {"avoid"}
    document = browser.pdf()
    assert document.startswith(b"%PDF-")
    assert 3 <= document.count(b"/Type /Page\n") <= 12
