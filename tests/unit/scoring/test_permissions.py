"""What a person permits is what was said last at the addresses they have now, in whatever order all of it arrives."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.permissions import Links, Permission, Permissions, Reached, kept, links
from services.scoring.service.reach import AddressBook
from services.scoring.service.scoring import Scoring
from services.shared.addresses import address_key
from services.shared.clock import FixedClock
from services.shared.contracts.consent import ConsentChange
from services.shared.contracts.ingest import ProfileChange
from tests.unit.scoring.builders import change, definitions, event, on
from tests.unit.scoring.fakes import FakeDefinitions, FakeStandings

SEGMENTS = {
    "reader": {"consent": "newsletter", "channel": "email", "eq": "granted"},
    "lost": {"consent": "newsletter", "channel": "email", "eq": "revoked"},
    "texted": {"consent": "offers", "channel": "sms", "eq": "granted"},
}
MAILS = ("a@example.com", "b@example.com")
SUBJECTS = (("newsletter", "email"), ("offers", "email"), ("offers", "sms"))


def key(address: str, channel: str = "email") -> str:
    return address_key("secret", channel, address)


class FakeConsents:
    """By sequence, like the real one."""

    def __init__(self, standings: FakeStandings) -> None:
        self.kept: dict[str, dict[tuple[str, str], ConsentChange]] = {}
        self.standings = standings

    def record(self, changes: Collection[ConsentChange]) -> None:
        for one in changes:
            held = self.kept.setdefault(one.address_key, {})
            before = held.get((one.purpose, one.channel))
            if before is None or before.sequence < one.sequence:
                held[one.purpose, one.channel] = one

    def of(self, keys: Collection[str]) -> Mapping[str, Permissions]:
        return {
            key: Permissions(
                sum(one.sequence for one in held.values()),
                {subject: Permission(one.state, one.at) for subject, one in held.items()},
            )
            for key, held in self.kept.items()
            if key in keys
        }

    def profiles(self, keys: Collection[str]) -> set[str]:
        return {p for p, s in self.standings.stored.items() if set(s.addresses.values()) & set(keys)}


@st.composite
def histories(draw: st.DrawFn) -> list[ProfileChange | ConsentChange]:
    """Changes of a profile's addresses and of permissions, in true order."""
    steps: list[ProfileChange | ConsentChange] = []
    for n in range(1, draw(st.integers(1, 8)) + 1):
        if draw(st.booleans()):
            traits = {"email": draw(st.sampled_from(MAILS)), "phone": "+31612345678"}
            steps.append(change(n, event("Home", "1997-01-02", "page"), **traits))
        else:
            purpose, channel = draw(st.sampled_from(SUBJECTS))
            address = draw(st.sampled_from(MAILS)) if channel == "email" else "+31612345678"
            steps.append(
                ConsentChange(
                    address_key=key(address, channel),
                    purpose=purpose,
                    channel=channel,
                    state=draw(st.sampled_from(["granted", "revoked"])),
                    entry_id=f"ent_{n}",
                    text_version="1",
                    sequence=n,
                    at=on("1997-01-03"),
                )
            )
    return steps


@given(data=st.data(), history=histories())
@settings(max_examples=100)
def test_order_and_repetition_do_not_matter(
    data: st.DataObject, history: list[ProfileChange | ConsentChange]
) -> None:
    """F1, F2. Held against the plain words of the rule."""
    arrived = data.draw(st.permutations([*history, *data.draw(st.lists(st.sampled_from(history)))]))
    standings = FakeStandings()
    consents = FakeConsents(standings)
    scoring = Scoring(
        standings,
        FakeDefinitions(definitions(SEGMENTS, {})),
        FixedClock(on("1997-06-01")),
        AddressBook(consents, lambda: "secret"),
    )
    for step in arrived:
        if isinstance(step, ProfileChange):
            outcome = scoring.take_in([step])
        else:
            consents.record([step])
            outcome = scoring.permit(consents.profiles({step.address_key}))
        assert outcome.failed == {}

    profile = next((one for one in reversed(history) if isinstance(one, ProfileChange)), None)
    if profile is None:
        assert standings.stored == {}
        return
    mine = {key(profile.traits["email"]), key("+31612345678", "sms")}
    said = {
        (one.purpose, one.channel): one.state
        for one in history
        if isinstance(one, ConsentChange) and one.address_key in mine
    }
    expected = {
        name
        for name, asked in SEGMENTS.items()
        if said.get((asked["consent"], asked["channel"])) == asked["eq"]
    }
    standing = standings.stored["prf_1"]
    assert set(standing.segments) == expected
    wanted = {subject: state for subject, state in said.items() if subject != ("offers", "email")}
    assert {(p, c): state for p, held in standing.consents.items() for c, state in held.items()} == wanted


def test_a_change_of_address_names_what_it_was_judged_by() -> None:
    read = Reached({"email": "new", "sms": "x"}, {"new": Permissions(3)}).links
    assert links({"email": "old", "sms": "x"}, {"email": "new", "sms": "x"}, read) == Links(
        {"new": 3}, ("old",)
    )
    assert links({}, {"sms": "x"}, read) == Links({"x": 0}, ())
    assert links({"email": "new"}, {"email": "new"}, read) is None
    assert links({"email": "new"}, {}) == Links({}, ("new",))


def test_a_permission_on_one_channel_says_nothing_of_another() -> None:
    at = on("1997-01-01")
    reached = Reached({"email": "m"}, {"m": Permissions(1, {("news", "email"): Permission("granted", at)})})
    subjects = frozenset({("news", "email"), ("news", "sms")})
    assert reached.consents(subjects) == {"news": {"email": "granted"}}
    assert kept({"news": {"email": "granted", "sms": "revoked"}}, frozenset({("news", "sms")})) == {
        "news": {"sms": "revoked"}
    }
