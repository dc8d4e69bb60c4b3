"""The console's pages in headless Chromium: usable by everybody, true to the API, unharmed by what customers type."""

from __future__ import annotations

import json
import re
import time

import pytest

from services.shared.clock import to_iso
from tests.support.console import HOSTILE, Console
from tests.support.road import ADMIN_KEY
from tests.support.shop import identify, send_id_of
from tests.support.thorough import EXHAUSTIVE

LOOKS = [(width, scheme) for width in (1280, 360) for scheme in ("light", "dark")]
LOOKED_AT = ("", "figures")
QUICK = ("color-contrast", "scrollable-region-focusable", "target-size", "label", "duplicate-id-aria")
"""The rules whose answer depends on width or colours; all others are asked once."""


@pytest.fixture
def signed_in(console: Console) -> Console:
    console.arrive(ADMIN_KEY)
    return console


def test_a_wrong_key_opens_nothing_and_the_right_one_goes_nowhere_but_into_headers(console: Console) -> None:
    console.look(1280, "light")
    console.arrive()
    assert console.faults() == []
    console.sign_in("wrong")
    assert "The key was not accepted. Sign in again with the marketers' key" in console.text()
    assert console.browser.run("document.activeElement.id") == "key"
    console.server.asked.clear()
    console.browser.run("document.getElementById('key').value = ''")
    console.sign_in()
    assert console.text().startswith("Overview")
    api = [one for one in console.server.asked if not one[1].startswith("/console")]
    assert {headers.get("authorization") for _, _, headers in api} == {f"Bearer {ADMIN_KEY}"}
    assert not [path for _, path, _ in console.server.asked if ADMIN_KEY in path]
    kept = console.browser.run(
        "[location.href, document.cookie, JSON.stringify(localStorage), document.body.innerHTML].join()"
    )
    assert ADMIN_KEY not in kept


def pages(console: Console) -> dict[str, str]:
    """Address → what its page must say."""
    ann, cas = console.profile("ann"), console.profile("cas")
    return {
        "": "Delivered\n1",
        "reports": "Sent, day by day",
        "reports/templates": "Offer",
        "reports/channel/email": "Templates",
        "figures": "Promoters, 9 and 10\n1",
        "figures/service": "Nobody was helped or helped themselves yet.",
        "figures/loyal": "Nobody was a customer by then.",
        "journeys": "Welcome after the first order",
        "journeys/welcome": "Who is where",
        "journeys/welcome/participants": console.profile("dee"),
        "journeys/welcome/tests": "This journey has no split.",
        "journeys/welcome/simulate": "What would come of it",
        "journeys/welcome/about": "A second order within a month",
        "campaigns": "Spring sale",
        "campaigns/spring_sale": "It has not run yet.",
        "campaigns/portfolio": "Nothing to worry about yet.",
        "people": "Find a person",
        f"people/{cas}": HOSTILE,
        f"people/{ann}/timeline": "Message Thank you Sent",
        f"people/{ann}/permissions": "Proof holds",
        f"people/{ann}/messages": "Thank you",
        f"people/{ann}/journeys": "Left: came to the end",
        f"people/{ann}/points": "There is no loyalty programme.",
        f"people/{ann}/segments": "Orders ≥ 1: yes; seen: 1",
        "segments": "First order",
        "segments/first_order": "3 people",
        "stages": "Who is there now",
        "templates": "Thank you",
        "templates/offer": "Something for your collection",
        "tasks": "Call about the spring",
        "pressure": "No message waits",
        "messages": "Send id",
        f"messages/{send_id_of(console.shop.road.outbox[-1])}": "Offer",
        "outbox": "Please confirm: Offers and news",
        "outbox/1": "Only a mail program sees these.",
        "nowhere": "There is no such page",
    }


def test_every_page_can_be_used_by_everybody_at_a_desk_and_on_a_phone(signed_in: Console) -> None:
    """axe-core, the content security policy, uncaught errors and sideways scrolling, at both widths in both schemes:
    all of them for every page in the sweep, else all rules for `LOOKED_AT` and what width may break for the others."""
    console = signed_in
    for address, said in pages(console).items():
        console.look(1280, "light")
        assert said in re.sub(r"[^\S\n]+", " ", console.go(address)), address
        whole = EXHAUSTIVE or address in LOOKED_AT
        for width, scheme in LOOKS if whole else LOOKS[-1:]:
            console.look(width, scheme)
            assert console.faults(() if whole else QUICK) == [], (address, width, scheme)
    assert console.browser.run("window.attacked") is None


def test_what_customers_type_is_text_wherever_it_is_shown(signed_in: Console) -> None:
    console = signed_in
    cas = console.profile("cas")
    for view in ("", "/timeline", "/messages", "/segments"):
        console.go(f"people/{cas}{view}")
        console.browser.run("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert HOSTILE in console.text(), view
        assert console.browser.run("document.querySelectorAll('main img, main script').length") == 0
    assert console.browser.run("document.title").startswith("<img src=x")
    assert console.browser.run("window.attacked") is None


def test_a_mail_is_shown_in_a_frame_that_reaches_nothing(signed_in: Console) -> None:
    console = signed_in
    console.go("templates/offer")
    assert console.browser.run("document.querySelector('iframe').contentDocument") is None
    assert console.browser.run("document.querySelector('iframe').sandbox.value") == "allow-scripts"


def test_a_template_is_previewed_for_one_person(signed_in: Console) -> None:
    console = signed_in
    console.go("templates/thank_you")
    console.browser.run("document.getElementById('identifier').focus()")
    console.browser.order("Input.insertText", text="userId:ann")
    console.press("Enter")
    console.browser.until("document.getElementById('preview').innerText.includes('Hello Ann')")


def test_a_report_is_saved_as_a_file_without_showing_the_key(signed_in: Console) -> None:
    console = signed_in
    console.browser.run(
        "window.saved = []; HTMLAnchorElement.prototype.click = function () { saved.push(this.download) }"
    )
    console.go("reports/templates")
    console.server.asked.clear()
    console.browser.run(
        "[...document.querySelectorAll('button')].find(b => b.textContent.includes('CSV')).click()"
    )
    console.browser.until("window.saved.join() === 'templates.csv'")
    (method, path, headers) = console.server.asked[0]
    assert (method, path) == ("GET", "/reports/templates?format=csv")
    assert headers["authorization"] == f"Bearer {ADMIN_KEY}"


def test_a_figure_is_counted_of_events_of_one_s_own(signed_in: Console) -> None:
    console = signed_in
    console.go("figures/service")
    console.browser.run("document.getElementById('contact').select()")
    console.browser.order("Input.insertText", text="Survey Answered, Call Received")
    console.press("Enter")
    console.browser.until("document.getElementById('figure').innerText.includes('Contacts\\n2')")
    assert console.browser.run("location.hash") == "#/figures/service"


def test_a_person_is_found_by_the_beginning_of_an_identifier_that_stands_in_no_address(
    signed_in: Console,
) -> None:
    console = signed_in
    console.go("people")
    console.browser.run("document.getElementById('identifier').focus()")
    console.browser.order("Input.insertText", text="ann@exa")
    console.press("Enter")
    console.browser.until("!!document.querySelector('#found table')")
    assert "ann@example.com" in console.text()
    assert console.browser.run("location.hash") == "#/people"
    console.browser.run("document.querySelector('#found a').click()")
    console.browser.until("document.querySelector('h1').textContent === 'Ann'")
    assert console.browser.run("document.activeElement.tagName") == "H1"


def test_a_segment_explains_one_person_or_says_that_nobody_is_known(signed_in: Console) -> None:
    console = signed_in
    for asked, said in (("userId:ann", "Orders ≥ 1: yes; seen: 1"), ("nobody", "Check the name")):
        console.go("segments")
        console.go("segments/first_order")
        console.browser.run("document.getElementById('identifier').focus()")
        console.browser.order("Input.insertText", text=asked)
        console.press("Enter")
        console.browser.until(f"document.getElementById('why').innerText.includes({json.dumps(said)})")


def test_a_journey_s_picture_counts_people_while_one_looks(signed_in: Console) -> None:
    console = signed_in
    shop = console.shop
    badges = "[...document.querySelectorAll('.badge text')].map(one => one.textContent).join()"
    console.go("journeys/welcome")
    assert console.browser.run(badges) == "1 person"
    with console.server.alone:
        shop.batch([identify("eve", "eve@example.com", "Eve", to_iso(shop.road.clock.now()))])
        shop.order("eve", "eve", 5.0)
        shop.road.deliver()
    console.browser.until(f"{badges} === '2 people'")


def test_a_journey_is_simulated_from_its_page(signed_in: Console) -> None:
    console = signed_in
    console.look(1280, "light")
    console.go("journeys/welcome/simulate")
    console.browser.run(
        "document.getElementById('people').value = 30; document.getElementById('days').value = 40"
    )
    console.server.asked.clear()
    console.browser.run("document.querySelector('form button').click()")
    console.browser.until("!!document.querySelector('#simulated [aria-busy]')")
    while "POST" not in {method for method, _, _ in console.server.asked}:
        time.sleep(0.02)
    with console.server.alone:
        console.shop.road.deliver()
    console.browser.until("!!document.querySelector('#simulated svg.journey')")
    assert "What to expect" in console.text()
    assert re.search(r"Entered\s+[1-9]", console.text())
    for width, scheme in LOOKS if EXHAUSTIVE else LOOKS[-1:]:
        console.look(width, scheme)
        console.browser.run("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert console.faults(() if EXHAUSTIVE else QUICK) == [], (width, scheme)


def test_the_keyboard_reaches_everything_and_skips_the_menu(signed_in: Console) -> None:
    console = signed_in
    console.browser.open(f"{console.url}?again")
    console.browser.until("!!document.querySelector('main h1')")
    console.browser.run("document.activeElement.blur(); document.querySelector('.skip').focus()")
    console.press("Enter")
    assert console.browser.run("document.activeElement.id") == "main"
    assert console.browser.run("document.getElementById('said').textContent") == "Overview"
    order = console.browser.run(
        "[...document.querySelectorAll('a,button,summary,[tabindex=\"0\"]')].every(one => one.tabIndex === 0)"
    )
    assert order is True


def test_what_goes_wrong_is_said_with_what_to_do_next(signed_in: Console) -> None:
    console = signed_in
    console.go("journeys/none")
    assert "there is no journey 'none'\n\nCheck the name, or go back to the list." in console.text()
    console.browser.run("window.fetch = async () => new Response('{}', {status: 503})")
    assert "Try again; if it stays so" in console.go("segments")
    assert console.browser.run("document.querySelector('[role=alert] button').textContent") == "Try again"
    console.browser.run("window.fetch = async () => new Response('{}', {status: 403})")
    console.browser.run("location.hash = '#/journeys'")
    console.browser.until("document.querySelector('h1').textContent === 'Sign in'")
    assert "The key is no longer accepted. Sign in again." in console.text()
    assert console.browser.run("sessionStorage.length") == 0


def test_a_long_history_comes_by_page(signed_in: Console) -> None:
    console = signed_in
    road, dee = console.shop.road, console.profile("dee")
    asked = {"profile_id": dee, "template": "thank_you", "channels": ["email"]}
    requests = [
        {**asked, "send_id": f"snd_many_{n:02}", "requested_at": to_iso(road.clock.now())} for n in range(60)
    ]
    with console.server.alone:
        for part in (requests[:20], requests[20:40], requests[40:]):
            road.put_event("halte.journeys", "MessageRequested.v1", {"requests": part})
            road.deliver()
    for view, one, older in (
        ("messages", "main section.card", "Show older messages"),
        ("timeline", "main .timeline > li", "Show older events"),
    ):
        console.go(f"people/{dee}/{view}")
        count = f"document.querySelectorAll('{one}').length"
        shown = console.browser.run(count)
        assert 50 <= shown < 60
        console.browser.run(
            f"[...document.querySelectorAll('button')].find(b => b.textContent === '{older}').click()"
        )
        console.browser.until(f"{count} >= 60 && !document.querySelector('main [aria-busy]')")
        assert older not in console.text()
        assert console.faults() == []
