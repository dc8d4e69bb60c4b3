"""Every public page in a browser: no fault that axe-core knows, in either language, narrow and wide, also in error."""

from __future__ import annotations

from pathlib import Path

from services.consent.handlers.pages import confirmed_page, message_page
from services.consent.handlers.proof_pages import proof_page
from services.shared.pages import page
from tests.integration.consent.conftest import World
from tests.integration.consent.test_page_safety import BRAND, tokens
from tests.integration.consent.test_preferences import known, link, open_page, send, tick
from tests.integration.consent.test_proof import proof_of, whole_life
from tests.support.axe import violations

LANGUAGES = ("en", "nl")


def pages(world: World) -> dict[str, str]:
    """Each page, each answer to a form, each refusal."""
    found: dict[str, str] = {}
    links = tokens(world)
    for language in LANGUAGES:
        header = {"accept-language": language}
        for path, token in {**links, "/preferences/request": ""}.items():
            found[f"{path} {language}"] = open_page(world, token, path, language)["body"]
            found[f"{path} refused {language}"] = open_page(world, "forged", path, language)["body"]
        found[f"no profile {language}"] = open_page(world, link(world, "x@example.com"), language=language)[
            "body"
        ]
        ask = world.call("POST /preferences/request", body=b"address=nobody", headers=header)
        found[f"link not asked for {language}"] = ask["body"]
        found[f"confirmed {language}"] = confirmed_page(language, "preferences/receipt?token=x")
        found[f"unsubscribed {language}"] = message_page("unsubscribed", language)
    found["wrong en"] = send(
        world, link(world), city="Delft", email="x", phone="1", pause_until="x", quiet_from="01:00"
    )["body"]
    found["saved en"] = send(world, link(world), last_name="X", **tick(world))["body"]
    return found


def test_axe_finds_nothing_wrong(world: World, tmp_path: Path) -> None:
    known(world)
    shown = pages(world)
    assert world.json("PUT /brand", BRAND)[0] == 200
    shown |= {
        f"branded {language}": open_page(world, link(world), language=language)["body"]
        for language in LANGUAGES
    }
    proof, key = proof_of(world, whole_life(world)), world.json("GET /ledger/key")[1]
    shown |= {f"proof {language}": proof_page(proof, key, language) for language in LANGUAGES}
    assert violations(shown, tmp_path) == []


def test_axe_finds_what_is_wrong(tmp_path: Path) -> None:
    """Without which the test above would be worth nothing."""
    plain = page("en", "Title", '<p style="color:#999">x</p><input name="a"><p>' + "m" * 400 + "</p>")
    found = " ".join(violations({"bad": plain}, tmp_path))
    assert all(fault in found for fault in ("color-contrast", "label", "reflow"))
