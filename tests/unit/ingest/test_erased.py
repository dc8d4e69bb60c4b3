"""Who is let in after an erasure, and who is not; and what of the lake speaks of a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.ingest.domain.erased import sift, suspects
from services.ingest.domain.forget import Subject
from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.lake import Amendment
from services.ingest.domain.validate import Call
from services.shared.contracts.person import Address

ERASED_AT = datetime(2026, 1, 10, 12, tzinfo=UTC)
ANN = Identifier("userId", "ann")
MAIL = Identifier("email", "ann@example.com")
DEVICE = Identifier("anonymousId", "a-1")
BOB = Identifier("userId", "bob")
EVE = Identifier("userId", "eve")
GONE = dict.fromkeys((ANN, MAIL, DEVICE), ERASED_AT)


def signed(
    *identifiers: Identifier, hours: float = 1, name: str = "Order Completed", **fields: Any
) -> Signed:
    at = ERASED_AT + timedelta(hours=hours)
    call = Call("m-1", "track", name, at, {}, {}, identifiers)
    return Signed("r-1", call, **{"received_at": at, **fields})


@pytest.mark.parametrize(
    ("event", "known", "left"),
    [
        (signed(ANN), (), None),
        (signed(DEVICE), (), None),
        (signed(MAIL, DEVICE), (), None),
        (signed(EVE, MAIL), (), None),  # an import of the old address under a new number
        (signed(BOB, MAIL), (BOB,), (BOB,)),  # the household's address, sent by who is known
        (signed(BOB, DEVICE), (BOB,), (BOB,)),
        (signed(EVE, DEVICE), (), (EVE,)),  # the next user of the device
        (signed(EVE), (), (EVE,)),
        (signed(ANN, name="Registered", public=True), (), None),  # anybody may send that
        (signed(ANN, name="Registered"), (), (ANN,)),
        (signed(ANN, MAIL, name="Signed Up"), (), (ANN, MAIL)),
        (signed(ANN, name="Registered", hours=-1), (), None),  # an old registration, replayed
        (signed(ANN), (ANN,), (ANN,)),  # who came back
        (signed(ANN, hours=-1), (ANN,), None),  # and what was before that
        (signed(BOB, MAIL, hours=-1), (BOB,), (BOB,)),
    ],
)
def test_who_is_let_in(
    event: Signed, known: tuple[Identifier, ...], left: tuple[Identifier, ...] | None
) -> None:
    result = sift([event], known, GONE)
    assert [one.call.identifiers for one in result.kept] == ([left] if left else [])
    assert result.refused == (set() if left else {"r-1"})


def test_what_follows_a_return_in_the_same_batch_is_taken() -> None:
    back = signed(ANN, name="Registered", hours=2)
    batch = [
        Signed(f"r-{n}", one.call, received_at=one.received_at)
        for n, one in enumerate((signed(ANN, hours=1), back, signed(ANN, hours=3)))
    ]
    assert sift(batch, (), GONE).refused == {"r-0"}


def test_an_ordinary_event_raises_no_suspicion() -> None:
    assert suspects([signed(BOB, DEVICE)], {BOB, DEVICE}) == set()
    assert suspects([signed(BOB, DEVICE)], {BOB}) == {DEVICE}
    late = signed(BOB, received_at=ERASED_AT + timedelta(hours=3))
    assert suspects([late], {BOB}) == {BOB}


SUBJECT = Subject(
    ("prf_1",),
    (MAIL, Identifier("userId", "42"), Identifier("userId", "ann")),
    (Address(channel="email", address="Ann@Example.com"),),
    since="2026-01-01",
)
FORGET = Amendment(forget=frozenset(SUBJECT.profile_ids), mentions=SUBJECT.names())


def line(profile_id: str = "", refused: str = "", **fields: Any) -> dict[str, Any]:
    return {
        "receipt": "r",
        "profile_id": profile_id,
        "refused": refused,
        "event": None,
        "message_id": "",
        **fields,
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"userId": "42"}',
        '{"userId":42}',
        '{"traits":{"email":"ANN@example.com"}}',
        '{"note":"mail ann@example.com, please"}',
        '{"userId": "prf_1"}',
        "not JSON, ann@example.com",
    ],
)
def test_refused_events_that_name_the_person_lose_their_text(text: str) -> None:
    assert FORGET.apply(line(refused=text, message_id="m-7")) == line(refused="")
    assert FORGET.apply(line(refused="")) == line(refused="")


@pytest.mark.parametrize(
    "text",
    [
        '{"userId":"1421"}',
        '{"email":"joann@example.com"}',
        '{"email":"ann@example.com.au"}',
        '{"name":"Joanna"}',
    ],
)
def test_refused_events_of_others_keep_theirs(text: str) -> None:
    assert FORGET.apply(line(refused=text)) == line(refused=text)


def test_lines_of_the_person_go_and_lines_of_others_stay() -> None:
    other = line("prf_2", event={"userId": "bob", "properties": {"friend": "ann@example.com"}})
    assert FORGET.apply(line("prf_1", event={"userId": "42"})) is None
    assert FORGET.apply(other) == other
