"""Letters: the day's order for the printer, each piece once, and what the printer says of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from services.delivery.adapters.dynamo_work import DynamoWork
from services.delivery.adapters.s3_orders import S3Orders
from services.delivery.bootstrap.channels import ordering
from services.delivery.bootstrap.content import serving_templates
from services.delivery.handlers import channels, order_letters
from services.delivery.use_cases.order_letters import UnreadableReport
from tests.integration.delivery.steps import ask, consent, given_contact, request
from tests.integration.delivery.world import CLOCK, Context, World, http

HOME = {"street": "Kerkstraat 1", "postalCode": "1234ab", "city": "Utrecht", "country": "NL"}
LETTERBOX = "Kerkstraat 1\n1234 AB\nUtrecht\nNL"
LETTER = {
    "class": "commercial",
    "purpose": "newsletter",
    "channels": {
        "print": {"pack": "spring", "sample": "tea-{{ params_taste }}", "text": "Dear {{ first_name }}"},
        "email": {"subject": "Spring", "text": "Dear {{ first_name }} {{ unsubscribe_url }}"},
    },
}


def call(method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> tuple[int, Any]:
    """One request to the routes of channels."""
    return http(channels.handler, method, path, body, query)


def order_of(day: str) -> list[dict[str, str]]:
    body = boto3.client("s3").get_object(Bucket="lake", Key=f"print-orders/{day}.csv")["Body"].read()
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def ordered() -> list[str]:
    """Every piece id in every order file."""
    return [row["piece_id"] for day in S3Orders("lake").days() for row in order_of(day)]


@pytest.fixture
def ready(world: World) -> World:
    serving_templates().put("spring", LETTER)
    given_contact(firstName="Ann", lastName="=Smith", address=HOME)
    consent("granted", 1, LETTERBOX, "print")
    return world


def letter(send_id: str, **fields: Any) -> None:
    ask(request(send_id, template="spring", channels=["print", "email"], **fields))


@pytest.mark.capability("002-11")
def test_a_letter_is_ordered_and_its_status_comes_back(ready: World) -> None:
    letter("snd_1", params={"params_taste": "mint"})
    assert (ready.item("snd_1")["status"], ready.item("snd_1")["channel"]) == ("sent", "print")

    order_letters.handler({}, Context())

    assert order_of("2026-03-01") == [
        {
            "piece_id": "snd_1",
            "pack": "spring",
            "sample": "tea-mint",
            "name": "Ann =Smith",
            "street": "Kerkstraat 1",
            "postal_code": "1234 AB",
            "city": "Utrecht",
            "country": "NL",
            "text": "Dear Ann",
        }
    ]
    assert call("GET", "/print-orders") == (200, {"orders": ["2026-03-01"]})
    assert "print-orders/2026-03-01.csv" in call("GET", "/print-orders/2026-03-01")[1]["url"]
    at = "2026-03-03T10:00:00.000Z"
    said = {
        "pieces": [
            {"piece_id": "snd_1", "status": "delivered", "at": at},
            {"piece_id": "snd_nobody", "status": "delivered", "at": at},
        ]
    }
    for _ in range(2):
        assert call("POST", "/print-orders/2026-03-01/status", said) == (200, {"delivered": 1, "foreign": 1})
    assert ready.item("snd_1")["first_delivered_at"] == at


def test_a_printer_s_file_is_taken_in_once_and_one_that_can_not_be_read_stays(ready: World) -> None:
    """F5, F20: noted before it is removed, so that it may be taken in again; its neighbours are."""
    for name in ("snd_1", "snd_2"):
        letter(name, node=name)
    order_letters.handler({}, Context())
    at = "2026-03-03T10:00:00.000Z"
    good = f"piece_id,status,at\r\nsnd_1,delivered,{at}\r\nsnd_2,printed,{at}\r\nsnd_x,returned,{at}\r\n"
    files = {
        "2026-03-01/a.csv": "\ufeff" + good,
        "2026-03-01/b.csv": f"piece_id,status,at\r\nsnd_2,eaten,{at}\r\n",
        "2026-03-01/c.csv": "nonsense",
        "2026-02-01/d.csv": good,
        "2026-03-01/e.csv": f"piece_id,status,at\r\nsnd_2,returned,{at}\r\n",
    }
    s3 = boto3.client("s3")
    for name, text in files.items():
        s3.put_object(Bucket="lake", Key=f"print-status/{name}", Body=text.encode())

    for _ in range(2):
        with pytest.raises(UnreadableReport, match="3 files"):
            order_letters.handler(order_letters.TAKE_REPORTS, Context())
        left = s3.list_objects_v2(Bucket="lake", Prefix="print-status/")["Contents"]
        assert [one["Key"].rpartition("/")[2] for one in left] == ["d.csv", "b.csv", "c.csv"]
        s3.put_object(
            Bucket="lake", Key="print-status/2026-03-01/a.csv", Body=good.encode()
        )  # died before removing

    assert ready.item("snd_1")["first_delivered_at"] == at
    assert ready.item("snd_2")["first_bounced_at"] == at
    letter("snd_3", node="snd_3")
    assert ready.item("snd_3")["reason"] == "suppressed"  # one came back


@pytest.mark.capability("002-11")
@pytest.mark.parametrize(
    ("address", "problem"),
    [({**HOME, "postalCode": "12"}, "postal_code"), ({"city": "Utrecht"}, "street"), (None, "")],
)
def test_where_no_letter_arrives_none_is_ordered(ready: World, address: Any, problem: str) -> None:
    given_contact(
        "prf_2", firstName="Bob", email="bob@example.com", **({"address": address} if address else {})
    )
    consent("granted", 2, "bob@example.com")

    letter("snd_2", profile_id="prf_2")

    message = ready.item("snd_2")
    assert (message["status"], message["channel"]) == ("sent", "email")
    seen = f"undeliverable: {problem}" if problem else "none"
    assert message["gates"][0] == {"gate": "address", "channel": "print", "input": seen, "verdict": "stop"}
    assert DynamoWork(_table()).pieces() == []


def test_a_letter_that_came_back_is_the_last_one_to_that_address(ready: World) -> None:
    letter("snd_1")
    order_letters.handler({}, Context())
    at = "2026-03-05T10:00:00.000Z"
    said = {"pieces": [{"piece_id": "snd_1", "status": "returned", "at": at}]}
    assert call("POST", "/print-orders/2026-03-01/status", said)[0] == 200

    letter("snd_2")

    assert ready.item("snd_1")["first_bounced_at"] == at
    assert (ready.item("snd_2")["status"], ready.item("snd_2")["reason"]) == ("skipped", "suppressed")


def _table() -> Any:
    from services.shared.aws.dynamo import Table

    return Table("work")


class Crash(Exception):
    """The function ends here."""


STEPS: list[tuple[type, str, bool]] = [
    (S3Orders, "put", False),
    (S3Orders, "put", True),
    (DynamoWork, "forget_pieces", False),
    (DynamoWork, "forget_pieces", True),
]


@pytest.mark.parametrize(
    ("owner", "step", "after"), STEPS, ids=lambda one: getattr(one, "__name__", str(one))
)
def test_a_crash_between_any_two_steps_orders_each_piece_once(
    ready: World, monkeypatch: pytest.MonkeyPatch, owner: type, step: str, after: bool
) -> None:
    """F5, F8: the file may be written and the answer lost; what waits may be removed or not."""
    for name in ("snd_1", "snd_2"):
        letter(name)
    plain = getattr(owner, step)
    with monkeypatch.context() as patched:
        patched.setattr(owner, step, _crashing(plain, after))
        with pytest.raises(Crash):
            ordering().close()
    letter("snd_3")

    for _ in range(3):
        ordering().close()
        CLOCK.advance(timedelta(days=1))

    assert sorted(ordered()) == ["snd_1", "snd_2", "snd_3"]
    assert DynamoWork(_table()).pieces() == []


def _crashing(plain: Callable[..., Any], after: bool) -> Callable[..., Any]:
    def crash(*args: Any) -> Any:
        if after:
            plain(*args)
        raise Crash

    return crash


def test_of_two_who_order_at_once_one_writes_the_file(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """F1: the other one saw a letter more, and leaves it for tomorrow."""
    letter("snd_1")
    plain = S3Orders.put

    def overtaken(self: S3Orders, day: str, content: bytes) -> bool:
        monkeypatch.setattr(S3Orders, "put", plain)
        ordering().close()
        letter("snd_2")
        return plain(self, day, content)

    monkeypatch.setattr(S3Orders, "put", overtaken)
    assert ordering().close() == {"ordered": 0, "waiting": 1}
    CLOCK.advance(timedelta(days=1))
    assert ordering().close() == {"ordered": 1, "waiting": 0}

    assert sorted(ordered()) == ["snd_1", "snd_2"]
    assert ready.item("snd_2")["status"] == "sent"


def test_what_the_printer_says_wrongly_is_refused(ready: World) -> None:
    assert call("GET", "/print-orders/2026-03-01")[0] == 404
    said = {"pieces": [{"piece_id": "snd_1", "status": "eaten", "at": "2026-03-01T00:00:00Z"}]}
    assert call("POST", "/print-orders/2026-03-01/status", said)[0] == 400


def test_a_letter_that_lacks_what_its_template_hoped_for_holds_up_nobody(ready: World) -> None:
    """F20: an empty pack and no name are the printer's to ask about; the letters beside it are ordered."""
    serving_templates().put(
        "odd",
        {"class": "service", "channels": {"print": {"pack": "{{ nothing }}", "text": "Hello"}}},
    )
    given_contact("prf_2", address=HOME)
    ask(request("snd_odd", template="odd", channels=["print"], profile_id="prf_2"))
    letter("snd_1")

    order_letters.handler({}, Context())

    assert [(row["piece_id"], row["pack"], row["name"]) for row in order_of("2026-03-01")] == [
        ("snd_1", "spring", "Ann =Smith"),
        ("snd_odd", "", ""),
    ]
