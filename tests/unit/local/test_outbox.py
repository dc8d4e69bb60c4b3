"""The outbox of the local stage, as the console reads it."""

from __future__ import annotations

import json
from email.message import EmailMessage
from typing import Any

import pytest

from local.outbox import PATH, opened_with
from local.stand_in import Accepted

KEY = "the-key"


def mail() -> Accepted:
    message = EmailMessage()
    message["Subject"], message["To"] = "Grüße <b>", "ann@example.com"
    message.set_content("Hello Ann")
    message.add_alternative("<p>Hello Ann</p>", subtype="html")
    return Accepted(
        1, "m-1", "email", "ann@example.com", "shop@example.com", "set", {"send_id": "snd_1"}, bytes(message)
    )


def text() -> Accepted:
    return Accepted(2, "m-2", "sms", "+31600000000", "+12025550100", "", {}, None, "Hello")


def ask(path: str, method: str = "GET", key: str = KEY) -> tuple[int, Any]:
    found = opened_with(KEY, lambda: [mail(), text()])(method, path, f"Bearer {key}")
    assert found is not None
    return found[0], json.loads(found[1])


def test_all_that_left_is_listed() -> None:
    status, answer = ask(PATH)
    assert status == 200
    assert [(m["number"], m["channel"], m["subject"], m["text"]) for m in answer["messages"]] == [
        (1, "email", "Grüße <b>", ""),
        (2, "sms", "", "Hello"),
    ]


def test_a_message_is_shown_with_all_that_its_reader_and_a_mail_program_see() -> None:
    status, answer = ask(f"{PATH}/1")
    assert (status, answer["html"].strip(), answer["text"].strip()) == (200, "<p>Hello Ann</p>", "Hello Ann")
    assert ["Subject", "Grüße <b>"] in answer["headers"]
    assert answer["tags"] == {"send_id": "snd_1"}
    assert ask(f"{PATH}/2")[1]["text"] == "Hello"


@pytest.mark.parametrize("number", ["0", "3", "x", "-1", "1/2", "²"])
def test_there_are_no_other_messages(number: str) -> None:
    assert ask(f"{PATH}/{number}")[0] == 404


def test_it_opens_for_the_marketers_key_alone_and_cannot_be_written() -> None:
    assert ask(PATH, key="other")[0] == 403
    assert ask(f"{PATH}/1", key="")[0] == 403
    assert ask(PATH, method="POST")[0] == 405


@pytest.mark.parametrize("path", ["/local", "/local/outboxes", "/journeys", "/console"])
def test_every_other_address_is_the_api_s(path: str) -> None:
    assert opened_with(KEY, list)("GET", path, "") is None
