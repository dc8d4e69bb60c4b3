"""What forms may ask, and how answers are read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.ingest.domain.forms import Form, Said, consents, events_of, hear, page_of
from services.ingest.domain.intake import unpack
from services.ingest.domain.validate import validate
from services.ingest.forms import Submissions, Visitor
from services.shared.clock import FixedClock, from_iso
from services.shared.contracts.ingest import FormSubmission, FormSubmitted
from services.shared.errors import Invalid

EMAIL = {"name": "email", "type": "email", "trait": "email"}
NEWS = {"purpose": "news", "text_version": "1", "language": "en"}
AT = from_iso("2026-03-01T12:00:00.000Z")


def form(*questions: dict[str, Any], **rest: Any) -> Form:
    return Form.model_validate({"questions": list(questions), **rest})


@pytest.mark.parametrize(
    "document",
    [
        {"questions": [{"name": "a"}]},
        {"questions": [{"name": "a", "trait": "a", "property": "a"}]},
        {"questions": [{"name": "a", "trait": "email"}]},
        {"questions": [{"name": "a", "type": "email", "trait": "firstName"}]},
        {"questions": [{"name": "a", "type": "phone", "trait": "email"}]},
        {"questions": [{"name": "a", "type": "choice", "trait": "a"}]},
        {"questions": [{"name": "a", "trait": "a", "choices": ["x"]}]},
        {"questions": [{"name": "a", "trait": "a", "multiple": True}]},
        {"questions": [{"name": "a", "trait": "a"}, {"name": "a", "trait": "b"}]},
        {"questions": [{"name": "website", "trait": "a"}]},
        {"questions": [{"name": "consent", "trait": "a"}]},
        {"questions": [{"name": "a b", "trait": "a"}]},
        {"honeypot": "page"},
        {"purposes": [NEWS]},
        {"questions": [EMAIL], "purposes": [{**NEWS, "channel": "sms"}]},
        {"questions": [EMAIL], "purposes": [NEWS, NEWS]},
        {"allowed_origins": ["https://shop.example.com/"]},
        {"kind": "survey"},
        {"extra": 1},
    ],
)
def test_forms_that_make_no_sense_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Form.model_validate(document)


@pytest.mark.parametrize(
    ("question", "given", "heard"),
    [
        ({"name": "q", "trait": "t"}, " text\n two ", "text\n two"),
        ({"name": "q", "trait": "t"}, ["first", "last"], "last"),
        ({"name": "q", "trait": "t", "type": "number"}, "12.50", 12.5),
        ({"name": "q", "trait": "t", "type": "number"}, 3, 3),
        ({"name": "q", "trait": "t", "type": "boolean"}, "on", True),
        ({"name": "q", "trait": "t", "type": "boolean"}, False, False),
        ({"name": "q", "trait": "t", "type": "choice", "choices": ["a", "b"]}, "a", "a"),
        (
            {"name": "q", "trait": "t", "type": "choice", "choices": ["a", "b"], "multiple": True},
            ["b", "a", "b"],
            ["b", "a"],
        ),
        ({"name": "q", "trait": "email", "type": "email"}, "Ann@Example.com", "Ann@Example.com"),
        ({"name": "q", "trait": "phone", "type": "phone"}, "+31 6 12345678", "+31 6 12345678"),
    ],
)
def test_answers_are_read_in_their_types(question: dict[str, Any], given: Any, heard: Any) -> None:
    (value,) = hear(form(question), Said(answers={"q": given})).traits.values()
    assert value == heard
    assert type(value) is type(heard)


@pytest.mark.parametrize(
    ("question", "given"),
    [
        ({"type": "text"}, 5),
        ({"type": "text"}, {"a": 1}),
        ({"type": "text", "max_length": 3}, "four"),
        ({"type": "text"}, "nul\x00"),
        ({"type": "text"}, "half \ud800"),
        ({"type": "number"}, "NaN"),
        ({"type": "number"}, "1e400"),
        ({"type": "number"}, True),
        ({"type": "number"}, "9" * 40),
        ({"type": "boolean"}, "maybe"),
        ({"type": "choice", "choices": ["a"]}, "b"),
        ({"type": "choice", "choices": ["a"], "multiple": True}, ["a", "b"]),
        ({"type": "choice", "choices": ["a"], "multiple": True}, {"a": 1}),
        ({"type": "choice", "choices": ["a"], "multiple": True}, [["a"]]),
        ({"type": "email", "property": None, "trait": "email"}, "not an address"),
        ({"type": "phone", "property": None, "trait": "phone"}, "12"),
    ],
)
def test_bad_answers_are_refused_by_name(question: dict[str, Any], given: Any) -> None:
    asked = form({"name": "q", "property": "p", **question})
    with pytest.raises(Invalid) as refused:
        hear(asked, Said(answers={"q": given}))
    assert refused.value.code == "bad_answer"
    assert "q" in refused.value.message


@pytest.mark.parametrize("nothing", [None, "", "  ", [], [""]])
def test_a_required_answer_may_not_be_missing(nothing: Any) -> None:
    asked = form({"name": "q", "trait": "t", "required": True})
    with pytest.raises(Invalid, match="missing_answer"):
        hear(asked, Said(answers={"q": nothing}))
    assert hear(form({"name": "q", "trait": "t"}), Said(answers={"q": nothing})).traits == {}


def test_what_was_not_asked_is_not_kept() -> None:
    heard = hear(form(EMAIL), Said(answers={"email": "a@example.com", "iban": "NL00"}))
    assert (heard.traits, heard.properties) == ({"email": "a@example.com"}, {})


def test_a_permission_needs_an_offer_and_an_address() -> None:
    asked = form(EMAIL, purposes=[NEWS])
    (one,) = consents(asked, ["news", "news"], {"email": "a@example.com"})
    assert (one.purpose, one.channel, one.address, one.text_version) == (
        "news",
        "email",
        "a@example.com",
        "1",
    )
    with pytest.raises(Invalid, match="unknown_purpose"):
        consents(asked, ["offers"], {"email": "a@example.com"})
    with pytest.raises(Invalid, match="missing_answer"):
        consents(asked, ["news"], {})


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://shop.example.com/a/b?token=secret#x", "https://shop.example.com/a/b"),
        ("https://user:secret@shop.example.com/", "https://shop.example.com/"),
        ("javascript:alert(1)", ""),
        ("https://[", ""),
        ("https://shop.example.com/\r\nx", ""),
        ("", ""),
    ],
)
def test_a_page_is_kept_without_what_is_nobody_s_business(url: str, page: str) -> None:
    assert page_of(url) == page


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=100)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("t", "n", "b", "c", "m", "e", "p"), _ANY)))
def test_whatever_is_answered_is_refused_with_a_reason_or_can_be_stored(given: dict[str, Any]) -> None:
    asked = form(
        {"name": "t", "trait": "t"},
        {"name": "n", "trait": "n", "type": "number"},
        {"name": "b", "trait": "b", "type": "boolean"},
        {"name": "c", "trait": "c", "type": "choice", "choices": ["x"]},
        {"name": "m", "property": "m", "type": "choice", "choices": ["x", "y"], "multiple": True},
        {"name": "e", "trait": "email", "type": "email"},
        {"name": "p", "trait": "phone", "type": "phone"},
    )
    try:
        heard = hear(asked, Said(answers=given))
    except Invalid:
        return
    submission = FormSubmission(
        submission_id="sub_1",
        form="f",
        form_version=1,
        kind="form",
        at=AT,
        anonymous_id="v",
        traits=heard.traits,
        answers=heard.properties,
    )
    for event in events_of(submission):
        assert validate(event, received_at=AT, message_id="x").message_id.startswith("sub_1-")


def test_a_submission_comes_in_as_by_a_public_door_and_declares() -> None:
    """F2: receipts are the submission's own, so the fact that comes twice counts once."""
    submission = FormSubmission(
        submission_id="sub_1",
        form="quiz",
        form_version=1,
        kind="game",
        at=AT,
        anonymous_id="v",
        traits={"email": "a@example.com"},
    )
    fact = FormSubmitted(submissions=[submission])
    envelope = {
        "id": "e",
        "source": fact.source,
        "detail-type": fact.detail_type,
        "detail": fact.model_dump(mode="json"),
    }
    first, again = (list(unpack(json.dumps({**envelope, "id": i}), AT)) for i in ("e1", "e2"))
    assert [arrival.receipt for arrival in first] == [arrival.receipt for arrival in again]
    assert {(a.source, a.door, a.trusted, a.trait_kind) for a in first} == {
        ("form:quiz", "http", False, "declared")
    }
    assert [arrival.read().type for arrival in first] == ["identify", "track"]


class _Kept:
    """Forms and counters in memory, and what was published."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self.published: list[FormSubmitted] = []

    def get(self, form_id: str) -> tuple[Form | None, int]:
        return (self._form, 1) if form_id == "f" else (None, 0)

    def admit(self, counter: str, limit: int, expires_at: Any) -> bool:
        return True

    def publish(self, facts: Any) -> None:
        self.published += facts


def submissions(kept: Any) -> Submissions:
    return Submissions(
        forms=kept,
        counters=kept,
        publisher=kept,
        secret=lambda: "secret",
        clock=FixedClock(AT),
        new_id=lambda prefix: f"{prefix}_1",
    )


@pytest.mark.parametrize(
    "said",
    [
        {"anonymous_id": "half \ud800"},
        {"anonymous_id": "nul\x00"},
        {"anonymous_id": "x" * 300},
        {"answers": {"deep": [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}},
        {"answers": {"n": float("inf")}},
        {"submission_id": "short"},
        {"submission_id": "\u00e9" * 20},
        {"consents": ["unasked"]},
    ],
)
def test_what_no_event_may_hold_is_refused_at_once(said: dict[str, Any]) -> None:
    kept = _Kept(form(EMAIL))
    with pytest.raises(Invalid):
        submissions(kept).submit("f", Said(**said), Visitor("192.0.2.1"))
    assert kept.published == []


def test_one_visitor_without_an_id_gets_one_by_address_that_tells_nothing_of_it() -> None:
    kept = _Kept(form(EMAIL))
    for address in ("Ann@Example.com", "ann@example.com", "bob@example.com"):
        submissions(kept).submit("f", Said(answers={"email": address}), Visitor("192.0.2.1"))
    ids = [fact.submissions[0].anonymous_id for fact in kept.published]
    assert ids[0].startswith("frm_")
    assert ids[1] != ids[2]
    assert "ann" not in ids[1]
