"""Who did it: attaching, shared devices, aliases, conflicts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.resolve import CONFLICT, FULL, Resolution, Signed, resolve
from services.ingest.domain.validate import validate
from services.shared.clock import to_iso
from tests.unit.ingest.fakes import NOW


def signed(*events: dict[str, Any]) -> list[Signed]:
    """Calls a minute apart, with receipts `r0`, `r1` …"""
    result = []
    for i, event in enumerate(events):
        at = to_iso(NOW - timedelta(minutes=len(events) - i))
        call = validate({"timestamp": at, **event}, received_at=NOW, message_id=f"m{i}")
        result.append(Signed(f"r{i}", call))
    return result


def page(user: str = "", anonymous: str = "") -> dict[str, Any]:
    return {"type": "page", "userId": user, "anonymousId": anonymous}


def known(**profiles: str) -> tuple[dict[Identifier, str], dict[str, set[Identifier]]]:
    """Owners and holdings: `P1="userId#u1 anonymousId#x"`."""
    holdings = {p: {Identifier.from_key(k) for k in keys.split()} for p, keys in profiles.items()}
    return {i: p for p, ids in holdings.items() for i in ids}, holdings


def run(
    calls: Iterable[Signed],
    owners: dict[Identifier, str] | None = None,
    holdings: dict[str, set[Identifier]] | None = None,
) -> Resolution:
    numbers = itertools.count(1)
    return resolve(list(calls), owners or {}, holdings or {}, lambda: f"new{next(numbers)}")


def test_unknown_person_gets_a_profile_and_claims_it() -> None:
    done = run(signed(page("u1", "x")))
    assert done.profile_of == {"r0": "new1"}
    assert list(done.claims) == [Identifier("userId", "u1"), Identifier("anonymousId", "x")]


def test_earlier_visit_of_the_batch_belongs_to_the_one_who_logs_in() -> None:
    done = run(signed(page("", "x"), page("u1"), page("u1", "x")))
    assert set(done.profile_of.values()) == {"new1"}
    assert not done.notes


def test_known_visitor_who_logs_in_keeps_the_profile() -> None:
    done = run(signed(page("u1", "x")), *known(P1="anonymousId#x"))
    assert done.profile_of == {"r0": "P1"}
    assert done.claims == {Identifier("userId", "u1"): "P1"}


def test_second_user_of_a_device_does_not_become_the_first() -> None:
    done = run(signed(page("u2", "x"), page("", "x")), *known(P1="userId#u1 anonymousId#x"))
    assert done.profile_of == {"r0": "new1", "r1": "P1"}
    assert done.notes == {"r0": CONFLICT}


def test_second_user_within_one_batch_does_not_either() -> None:
    done = run(signed(page("u1", "x"), page("u2", "x")))
    assert done.profile_of == {"r0": "new1", "r1": "new2"}
    assert done.notes == {"r1": CONFLICT}


def test_stronger_identifier_wins_and_nothing_moves() -> None:
    event = {"type": "identify", "userId": "u1", "anonymousId": "x", "traits": {"email": "a@example.com"}}
    done = run(signed(event), *known(P1="userId#u1", P2="email#a@example.com", P3="anonymousId#x"))
    assert done.profile_of == {"r0": "P1"}
    assert done.notes == {"r0": CONFLICT}
    assert not done.claims


def test_email_finds_the_profile_of_a_new_user_id() -> None:
    event = {"type": "identify", "userId": "u1", "traits": {"email": "A@Example.COM"}}
    done = run(signed(event), *known(P2="email#a@example.com"))
    assert done.profile_of == {"r0": "P2"}


def test_shared_email_does_not_join_two_users() -> None:
    event = {"type": "identify", "userId": "u2", "traits": {"email": "family@example.com"}}
    done = run(signed(event), *known(P1="userId#u1 email#family@example.com"))
    assert done.profile_of == {"r0": "new1"}
    assert done.notes == {"r0": CONFLICT}


def test_another_email_on_a_shared_device_is_another_person() -> None:
    event = {"type": "identify", "anonymousId": "x", "traits": {"email": "b@example.com"}}
    done = run(signed(event), *known(P1="anonymousId#x email#a@example.com"))
    assert done.profile_of == {"r0": "new1"}


def alias(user: str, previous: str) -> dict[str, Any]:
    return {"type": "alias", "userId": user, "previousId": previous}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_alias_joins_the_visitor_in_any_order_of_the_batch(order: tuple[int, ...]) -> None:
    events = [page("u1"), page("", "anon-9"), alias("u1", "anon-9")]
    done = run(signed(*(events[i] for i in order)))
    assert len(set(done.profile_of.values())) == 1


def test_alias_gives_a_known_user_a_second_name() -> None:
    done = run(signed(alias("u1b", "u1")), *known(P1="userId#u1"))
    assert done.profile_of == {"r0": "P1"}
    assert done.claims == {Identifier("userId", "u1b"): "P1"}


def test_alias_between_two_known_people_changes_nothing() -> None:
    done = run(signed(alias("u1", "u2")), *known(P1="userId#u1", P2="userId#u2"))
    assert done.profile_of == {"r0": "P1"}
    assert (done.notes, done.claims) == ({"r0": CONFLICT}, {})


def test_alias_to_oneself_is_harmless() -> None:
    done = run(signed({**alias("u1", "u1"), "anonymousId": "x"}))
    assert done.claims == {Identifier("userId", "u1"): "new1", Identifier("anonymousId", "x"): "new1"}


def test_a_kiosk_does_not_collect_identifiers_for_ever() -> None:
    owners, holdings = known(P1="userId#u1 " + " ".join(f"anonymousId#{i}" for i in range(50)))
    done = run(signed(page("u1", "one-too-many")), owners, holdings)
    assert done.profile_of == {"r0": "P1"}
    assert (done.notes, done.claims) == ({"r0": FULL}, {})


def test_assignment_does_not_depend_on_the_order_of_arrival() -> None:
    calls = signed(page("", "x"), page("u1", "x"), page("u2", "x"), page("u2", "y"), page("", "y"))
    expected = run(calls)
    for order in itertools.permutations(calls):
        assert run(order) == expected
