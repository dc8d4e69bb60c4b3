"""What is known of a firm, whoever told it, and what its people are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.firms import MOST_BYTES, MOST_FIELDS, Firm, Telling, news, tellings
from services.ingest.domain.validate import MAX_MESSAGE_ID, Trust, validate
from services.ingest.firms import Firms, Spreading
from services.shared.clock import FixedClock
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import CustomerEvent
from services.shared.errors import Conflict, Invalid, NotFound
from services.shared.records import contributions as said_by
from services.shared.records import records

START = datetime(2026, 1, 1, tzinfo=UTC)
ANN = "prf_0123456789abcdef0123"


def telling(minute: int, message_id: str = "m", profile_id: str = ANN, **attributes: Any) -> Telling:
    return Telling("acme", profile_id, attributes, START + timedelta(minutes=minute), message_id)


def firm(*told: Telling) -> Firm:
    found = Firm("acme")
    for one in told:
        found = found.told(one)
    return found


tales = st.lists(
    st.builds(
        telling,
        minute=st.integers(0, 5),
        message_id=st.sampled_from(["a", "b", "c"]),
        stage=st.sampled_from(["start", "growth", None]),
        size=st.integers(0, 2),
    ),
    max_size=8,
    unique_by=lambda one: (one.at, one.message_id),
)


@given(tales, st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_any_order_and_repetition_comes_to_the_last_word(told: list[Telling], chance: Any) -> None:
    """F1, F2."""
    again = [*told, *told]
    chance.shuffle(again)
    found = firm(*again)

    expected = {}
    for one in sorted(told, key=lambda t: (t.at, t.message_id)):
        expected |= {name: value for name, value in one.attributes.items() if value is not None}
    assert found.attributes == expected
    assert found.said == firm(*told).said


def test_the_version_grows_with_values_only() -> None:
    once = firm(telling(1, stage="start"))
    same = once.told(telling(2, stage="start"))
    other = same.told(telling(3, stage="growth"))

    assert (once.version, same.version, other.version) == (1, 1, 2)
    assert (once.revision, same.revision, other.revision) == (1, 2, 3)
    assert other.told(telling(0, stage="old")) is other


def test_what_was_told_last_is_kept_and_the_rest_let_go() -> None:
    many = firm(*(telling(n, **{f"a{n}": n}) for n in range(MOST_FIELDS + 20)))
    large = firm(*(telling(n, **{f"a{n}": "x" * (MOST_BYTES // 3)}) for n in range(5)))

    assert set(many.attributes) == {f"a{n}" for n in range(20, MOST_FIELDS + 20)}
    assert set(large.attributes) == {"a3", "a4"}


@given(tales)
@settings(max_examples=60)
def test_a_member_who_hears_every_version_knows_what_the_firm_is(told: list[Telling]) -> None:
    """Whatever members themselves said, and in whatever order the firm heard of it; what they are told is valid, and
    they do not tell it again."""
    found, heard = Firm("acme"), list[CustomerEvent]()
    for one in told:
        found = found.told(one)
        if call := news(found, ANN):
            assert len(call["messageId"]) <= MAX_MESSAGE_ID
            read = validate(
                call, received_at=START + timedelta(days=1), message_id="x", trust=Trust(True, True)
            )
            assert read.profile_id == ANN
            heard.append(
                CustomerEvent(
                    message_id=read.message_id,
                    type="group",
                    name="group",
                    at=read.at,
                    properties=dict(read.properties),
                )
            )
    assert list(tellings(ANN, heard)) == []
    known = records(one for event in heard for one in said_by(event))
    assert [record.fields for record in known] == ([found.attributes] if found.attributes else [])


class FakeFirms:
    """Firms in memory; `rivals` are told first, one per write."""

    def __init__(self) -> None:
        self.firms: dict[str, Firm] = {}
        self.joined: dict[str, list[str]] = {}
        self.rivals: list[Telling] = []

    def get(self, firm_id: str) -> Firm | None:
        return self.firms.get(firm_id)

    def replace(self, firm: Firm) -> bool:
        if self.rivals:
            rival = self.rivals.pop()
            self.firms[firm.firm_id] = self.firms.get(firm.firm_id, Firm(firm.firm_id)).told(rival)
        stands = self.firms.get(firm.firm_id, Firm(firm.firm_id))
        if stands.revision != firm.revision - 1:
            return False
        self.firms[firm.firm_id] = firm
        return True

    def join(self, firm_id: str, profile_id: str) -> None:
        members = self.joined.setdefault(firm_id, [])
        members += [profile_id] if profile_id not in members else []

    def members(self, firm_id: str) -> Any:
        return iter(self.joined.get(firm_id, []))

    def count(self, firm_id: str) -> int:
        return len(self.joined.get(firm_id, []))


def desk(store: FakeFirms) -> Firms:
    return Firms(store, FixedClock(START), lambda prefix: f"{prefix}_1")


def test_who_was_first_is_not_overwritten() -> None:
    store = FakeFirms()
    store.rivals = [telling(9, "rival", stage="growth")]

    assert desk(store).hear([telling(1, stage="start", size=1)]) == 1
    assert store.firms["acme"].attributes == {"size": 1, "stage": "growth"}

    store.rivals = [telling(n, f"r{n}", **{f"a{n}": n}) for n in range(20, 60)]
    with pytest.raises(Conflict):
        desk(store).hear([telling(10, "own", size=2)])


def test_members_are_told_page_by_page_and_a_joiner_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.ingest.firms.PAGE", 2)
    store, published = FakeFirms(), list[list[Fact]]()
    desk(store).hear([telling(n, f"m{n}", f"prf_{n}", stage="start") for n in range(5)])

    assert Spreading(store, published.append).changed("acme") == 5
    told = [
        [call["profileId"] for fact in page for call in fact.model_dump()["events"]] for page in published
    ]
    assert told == [["prf_0", "prf_1"], ["prf_2", "prf_3"], ["prf_4"]]
    assert Spreading(store, published.append).joined("acme", "prf_9") == 1
    assert Spreading(store, published.append).joined("unknown", "prf_9") == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"attributes": {}},
        {"attributes": {"a": None}},
        {"attributes": {"groupId": "x"}},
        {"attributes": {"a": 1}, "more": 1},
        {"attributes": {"a": float("nan")}},
        {"attributes": {"a": "x" * MOST_BYTES}},
    ],
)
def test_what_cannot_be_said_of_a_firm_is_refused(body: dict[str, Any]) -> None:
    store = FakeFirms()
    with pytest.raises(Invalid):
        desk(store).put("acme", body)
    with pytest.raises(Invalid):
        desk(store).put("x" * 200, {"attributes": {"a": 1}})
    assert store.firms == {}
    with pytest.raises(NotFound):
        desk(store).get("acme")
