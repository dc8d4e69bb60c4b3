"""What a reply says: a word that is the whole message, and nothing within a sentence."""

from __future__ import annotations

import pytest

from services.consent.domain.replies import STOP_WORDS, Heard, Reply, hear, plain, reply_code, reply_word


def sms(text: str) -> Heard:
    return hear(Reply("sms", "+31612345678", text, "in-1"))


def mail(text: str, subject: str = "Re: News") -> Heard:
    return hear(Reply("email", "ann@example.com", text, "in-1", subject))


LISTED = (
    *(
        "STOP",
        "STOPALL",
        "STOP ALL",
        "UNSUBSCRIBE",
        "CANCEL",
        "END",
        "QUIT",
        "REVOKE",
        "OPT OUT",
        "OPT-OUT",
        "OPTOUT",
    ),
    *("AFMELDEN", "UIT", "STOPPEN", "UITSCHRIJVEN", "OPZEGGEN", "Meld mij af"),
)


@pytest.mark.capability("003-22")
@pytest.mark.parametrize("word", LISTED)
def test_a_stop_word_counts_however_it_is_written(word: str) -> None:
    for written in (
        word,
        word.lower(),
        word.title(),
        f" {word}! ",
        f"«{word}».",
        f"\u200b{word}\ufe0f",
        f"“{word}”\r\n",
    ):
        assert sms(written).meaning == "stop", written
        assert mail(f"{written}\n\nAnn\n> On Monday you wrote: hello").meaning == "stop", written


@pytest.mark.parametrize(
    "text",
    [
        "Please stop sending these on Mondays",
        "Don't stop!",
        "The bus stop is closed",
        "The end",
        "I quit smoking, thanks to you",
        "uit welk land komt dit?",
        "stop.it",
        "stopp",
        "ѕtop",  # a Cyrillic letter: another word, which nobody types by accident
        "",
        "HELP",
        "👍",
    ],
)
def test_a_word_within_a_sentence_ends_nothing(text: str) -> None:
    assert sms(text).meaning == "other"
    assert mail(text).meaning == "other"


def test_a_quoted_or_later_word_is_not_what_somebody_wrote() -> None:
    assert mail("Thanks, nice!\n> STOP").meaning == "other"
    assert mail("> STOP\n> AFMELDEN").meaning == "other"
    assert mail("Where is my order?\n\nSTOP").meaning == "other"


def test_the_subject_of_a_mail_counts_when_it_is_the_word() -> None:
    assert mail("", "Unsubscribe").meaning == "stop"
    assert mail("Thanks", "Re: Stop").meaning == "other"
    assert hear(Reply("sms", "+31612345678", "hi", "in-1", "Stop")).meaning == "other"


@pytest.mark.parametrize("written", ["JA K7QF", "ja k7qf", "Yes: K7QF.", "YES k7 qf", " ja   K7QF! "])
def test_yes_and_the_code_confirm(written: str) -> None:
    assert sms(written) == Heard("yes", "K7QF")


def test_only_a_text_message_confirms_and_never_without_a_code() -> None:
    assert mail("JA K7QF").meaning == "other"
    for text in ("JA", "YES", "K7QF"):
        assert sms(text).meaning == "other"
    assert sms("no K7QF").meaning == "other"


def test_the_words_are_in_the_form_that_replies_are_brought_to() -> None:
    assert all(plain(word) == word for word in STOP_WORDS)


def test_a_code_belongs_to_one_request_and_secret() -> None:
    codes = {reply_code("s", f"req_{n}") for n in range(300)}
    assert len(codes) > 295
    assert reply_code("s", "req_1") != reply_code("t", "req_1")
    assert reply_word("s", "req_1", "nl-BE") == f"JA {reply_code('s', 'req_1')}"
    assert reply_word("s", "req_1", "en") == f"YES {reply_code('s', 'req_1')}"
    assert sms(reply_word("s", "req_1", "nl")) == Heard("yes", reply_code("s", "req_1"))
