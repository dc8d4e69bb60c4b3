"""E-mail identities: what is no address is a trait only, and two addresses that look alike are two people."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.identifiers import email_identifier
from services.shared.addresses import normalise_email
from tests.support.thorough import EXHAUSTIVE
from tests.unit.ingest.bad_input.door import post

ISEMAIL = Path(__file__).parents[4].parent / "shared" / "data" / "isemail" / "tests.json"


def identified(raw: object) -> str:
    """The e-mail identifier that a consumer reads of an identify call ("": none); the trait is kept as it was sent."""
    (arrival,) = post("identify", json.dumps({"userId": "u", "traits": {"email": raw}})).arrivals
    call = arrival.read()
    assert call.traits["email"] == raw
    return next((i.value for i in call.identifiers if i.kind == "email"), "")


def test_no_erroneous_address_of_isemail_identifies() -> None:
    if not ISEMAIL.exists():
        pytest.skip("the isemail test set is not here")
    cases = json.loads(ISEMAIL.read_text())
    wrong = [case["address"] for case in cases if case["category"] == "ISEMAIL_ERR"]
    assert len(wrong) == 66
    assert [address for address in wrong if identified(address)] == []


def test_every_plainly_valid_address_of_isemail_identifies() -> None:
    if not ISEMAIL.exists():
        pytest.skip("the isemail test set is not here")
    cases = json.loads(ISEMAIL.read_text())
    valid = [case["address"] for case in cases if case["category"] == "ISEMAIL_VALID_CATEGORY"]
    assert len(valid) == 14
    quoted = [address for address in valid if not identified(address)]
    assert [address for address in quoted if '"' not in address and "[" not in address] == []


REFUSED = [
    "",
    " ",
    "@",
    "ann",
    "ann@",
    "@example.com",
    "ann@@example.com",
    "ann@bob@example.com",
    "ann example.com",
    "ann@exam ple.com",
    "an n@example.com",
    "ann@example..com",
    "ann@.example.com",
    "ann@example.com.",
    "ann@-example.com",
    "ann@example-.com",
    "ann@exa_mple.com",
    ".ann@example.com",
    "ann.@example.com",
    "ann..b@example.com",
    "ann@[192.0.2.1]",
    "ann@[IPv6:2001:db8::1]",
    '"ann"@example.com',
    "ann(comment)@example.com",
    "Ann <ann@example.com>",
    "<ann@example.com>",
    "mailto:ann@example.com",
    "ann@example.com,bob@example.com",
    "ann@example.com;bob@example.com",
    "ann@example.com bob@example.com",
    "ann@example.com\nBcc: b@example.com",
    "ann@example.com\r",
    "ann\x00@example.com",
    "ann@exam\x00ple.com",
    "ann\t@example.com",
    "ann\u00a0@example.com",
    "ann\u2028@example.com",
    "ann@example\uff0ecom",
    "ann@example\u3002com",
    "ann\uff20example.com",
    "ann@\uff45xample.com",
    "ann@exam\u212aple.com",
    "ann@xn--a.example",
    "ann@xn--.example",
    "ann@ex\u0301.\u0301com",
    "ann@☃.example",
    "ann@😀.example",
    "ann@" + "x" * 64 + ".com",
    "ann@" + ".".join(["x" * 60] * 5),
    "a" * 65 + "@example.com",
    "é" * 33 + "@example.com",
    "a" * 300 + "@example.com",
    "https://example.com/ann@example.com/x",
    7,
    True,
    None,
    ["ann@example.com"],
    {"address": "ann@example.com"},
]


@pytest.mark.parametrize("raw", REFUSED, ids=[ascii(value)[:40] for value in REFUSED])
def test_what_is_no_address_identifies_nobody(raw: object) -> None:
    assert identified(raw) == ""


SAME = [
    ("ann@example.com", "ANN@EXAMPLE.COM"),
    ("ann@example.com", " ann@example.com "),
    ("ann@example.com", "ann@example.com\u200b"),
    ("ann@example.com", "a\u200dnn@exam\u00adple.com"),
    ("ann@example.com", "\u202aann@example.com\u202c"),
    ("ann@example.com", "\ufeffann@example.com"),
    ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ("ann@bücher.example", "ann@BÜCHER.example"),
    ("ann@bücher.example", "Ann@XN--BCHER-KVA.example"),
    ("ann@straße.example", "ann@xn--strae-oqa.example"),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=[ascii(pair[1]) for pair in SAME])
def test_one_mailbox_is_one_identity(one: str, other: str) -> None:
    assert identified(one) == identified(other) != ""


LOOK_ALIKES = [
    ("gross@example.com", "groß@example.com"),
    ("kate@example.com", "\u212aate@example.com"),
    ("fin@example.com", "\ufb01n@example.com"),
    ("ann@example.com", "\uff41nn@example.com"),
    ("ann@example.com", "аnn@example.com"),
    ("i@example.com", "ı@example.com"),
    ("i@example.com", "İ@example.com"),
    ("ss@example.com", "ẞ@example.com"),
    ("é@example.com", "e\u0301@example.com"),
    ("Å@example.com", "\u212b@example.com"),
    ("Ω@example.com", "\u2126@example.com"),
    ("ann1@example.com", "ann¹@example.com"),
    ("ann@strasse.example", "ann@straße.example"),
    ("ann@example.com", "ann@exаmple.com"),
    ("ann@fuss.example", "ann@fuß.example"),
    ("ann@faß.example", "ann@fass.example"),
    ("ann@σας.example", "ann@σασ.example"),
    ("ann@example.com", "ann+x@example.com"),
    ("ann@example.com", "a.nn@example.com"),
    ("ann@example.com", "ann@www.example.com"),
    ("ann@kate.example", "ann@\u212aate.example"),
]
"""Each pair is two mailboxes; whoever folded one into the other would hand a profile to a stranger. Folding is what
NFKC, NFC, full case folding and IDNA 2003 do."""


@pytest.mark.parametrize(("one", "other"), LOOK_ALIKES, ids=[ascii(pair[1]) for pair in LOOK_ALIKES])
def test_look_alikes_are_two_people(one: str, other: str) -> None:
    assert identified(one) != ""
    assert identified(one) != identified(other)


def test_no_letter_folds_into_an_ascii_one() -> None:
    """Law, over all of the first plane (of which only the sweep tries each letter): an address without ASCII letters
    in its local part keeps having none."""
    step = 1 if EXHAUSTIVE else 7
    for code in itertools.chain(range(0xA1, 0xD800, step), range(0xE000, 0x10000, step)):
        found = email_identifier(f"{chr(code)}@example.com")
        assert found is None or not found.value.partition("@")[0].isascii(), hex(code)
        host = email_identifier(f"ann@a{chr(code)}b.example")
        skipped = chr(code) in "\u00ad" or found is None
        assert host is None or skipped or host.value.startswith("ann@xn--"), hex(code)


@given(st.emails())
def test_a_normal_form_is_its_own(raw: str) -> None:
    found = email_identifier(raw)
    assert found is None or normalise_email(found.value) == found.value
