"""The preference centre's form: laws of what it may change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.consent.domain.ledger import Standing
from services.consent.domain.preferences import Box, boxes, read, shown
from services.consent.domain.purposes import ConsentText, Purpose

TEXT = ConsentText(version="1", language="en", text="You may write to me.")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = ("news", "offers", "events")


def purpose(**rest: Any) -> Purpose:
    return Purpose.model_validate({"title": "News", "channels": ["email", "sms"], "texts": [TEXT], **rest})


PURPOSES = {name: purpose(title=name.title()) for name in NAMES}
WHERE = [(name, channel) for name in NAMES for channel in ("email", "sms")]


def standing(state: Any) -> Standing:
    return Standing(state=state, sequence=1, entry_id="e", text_version="1", at="")


def all_boxes(granted: set[tuple[str, str]], purposes: dict[str, Purpose] = PURPOSES) -> list[Box]:
    states = {where: standing("granted" if where in granted else "revoked") for where in WHERE}
    return boxes(purposes, states, "en", "email")


def form(page: list[Box], ticked: set[tuple[str, str]]) -> dict[str, str]:
    values = {box.name: box.value for box in page if (box.purpose, box.channel) in ticked}
    return {"shown": shown(page), "phone": "+31612345678", **values}


subsets = st.sets(st.sampled_from(WHERE))


@settings(max_examples=100)
@given(then=subsets, now=subsets, ticked=subsets)
def test_only_what_the_person_changed_on_the_page_is_a_wish(
    then: set[tuple[str, str]], now: set[tuple[str, str]], ticked: set[tuple[str, str]]
) -> None:
    """Whatever was decided between showing the page and sending it."""
    fields = form(all_boxes(then), ticked)
    wishes = read(fields, all_boxes(now), PURPOSES, has_profile=False, now=NOW)
    assert wishes.errors == {}
    assert {(one.box.purpose, one.box.channel) for one in wishes.give} == ticked - then
    assert {(box.purpose, box.channel) for box in wishes.take} == then - ticked


@settings(max_examples=100)
@given(
    fields=st.dictionaries(
        st.sampled_from(
            [
                "shown",
                "permit:news:email",
                "email",
                "phone",
                "first_name",
                "street",
                "city",
                "postal_code",
                "locale",
                "x",
            ]
        ),
        st.text(max_size=120),
    )
)
def test_no_field_can_break_it_or_say_what_was_not_asked(fields: dict[str, str]) -> None:
    wishes = read(fields, all_boxes(set()), PURPOSES, has_profile=True, now=NOW)
    assert set(wishes.traits) <= {"firstName", "lastName", "address", "locale"}
    assert wishes.traits.get("locale", "nl") in ("en", "nl")
    assert set(wishes.errors) <= {*fields, "phone", "street", "city", "postal_code"}
    if not wishes.errors and "address" in wishes.traits:
        assert {"street", "postalCode", "city"} <= set(wishes.traits["address"])  # type: ignore[call-overload]


def test_without_a_profile_nothing_is_said_of_a_person() -> None:
    fields = {"email": "a@example.com", "first_name": "Ann", "street": "x", "locale": "nl"}
    wishes = read(fields, all_boxes(set()), PURPOSES, has_profile=False, now=NOW)
    assert (wishes.email, wishes.traits, wishes.errors) == ("", {}, {})


def test_what_has_no_text_today_can_only_be_taken_back() -> None:
    retired = {"news": purpose(texts=[TEXT.model_copy(update={"active": False})])}
    page = all_boxes({("news", "email")}, retired)
    assert [(box.channel, box.value) for box in page] == [("email", "kept")]
    assert read({"shown": shown(page)}, page, retired, has_profile=False, now=NOW).take == (page[0],)
    again = {"shown": "news:email:0", page[0].name: "kept"}
    assert read(again, page, retired, has_profile=False, now=NOW).errors == {page[0].name: "text_changed"}


def test_a_tick_counts_at_once_only_on_the_channel_the_link_was_sent_on() -> None:
    linked = {"news": purpose(preference_centre="signed_link")}
    assert {box.channel: box.by_link for box in all_boxes(set(), linked)} == {"email": True, "sms": False}
    assert not any(box.by_link for box in all_boxes(set()))


def test_the_text_is_in_the_reader_s_language_where_there_is_one() -> None:
    dutch = ConsentText(version="1", language="nl-NL", text="U mag mij schrijven.")
    both = purpose(texts=[dutch, TEXT])
    assert both.text_today("nl") == dutch
    assert both.text_today("en-GB") == TEXT
    assert both.text_today("fr") == TEXT
    assert both.text_today("nl", "1") == dutch
