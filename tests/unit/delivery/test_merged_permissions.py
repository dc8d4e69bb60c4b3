"""F31 as a law: whatever people permit, take back, let lapse, and whoever turns out to be whom, a commercial message
goes only to an address whose own last word was a permission that holds; no merge and no un-merge widens anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.consent.domain.ledger import Draft, Entry, Head, Kind, append, fold, head_after
from services.delivery.domain.choice import Ask, Choice, Standing, choose
from services.shared.clock import to_iso

START = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE = ("ann", "bob", "cor")
ADDRESSES = tuple(f"{name}@example.com" for name in PEOPLE)


@dataclass
class Everybody:
    """A ledger, and which profile is reached at which address; `merged` are the losers with their winners."""

    day: int = 0
    head: Head = field(default_factory=lambda: Head(0))
    entries: list[Entry] = field(default_factory=list)
    contact: dict[str, str] = field(default_factory=lambda: dict(zip(PEOPLE, ADDRESSES, strict=True)))
    merged: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> str:
        return to_iso(START + timedelta(days=self.day))

    def say(self, kind: Kind, address: str, days: int) -> None:
        """`address` says so; a permission holds for so many days (0: for good)."""
        until = to_iso(START + timedelta(days=self.day + days)) if kind == "granted" and days else ""
        draft = Draft(
            *(f"cns_{len(self.entries)}", kind, "req_1", address, "news", "email", "1", "nl", "", self.now),
            *("post", "", "", ""),
            basis="double_opt_in",
            until=until,
        )
        self.entries.append(append(self.head, draft))
        self.head = head_after(self.entries[-1])

    def reached(self, who: str) -> str:
        """The address that a message to this profile would go to, or none."""
        while who in self.merged:
            who = self.merged[who]
        address = self.contact[who]
        held = fold(self.entries).get((address, "news", "email"))
        standing = Standing(address, address, permission=held.permission() if held else None)
        choice = choose(["email"], Ask("commercial", self.now), {"email": standing})
        return choice.standing.address if isinstance(choice, Choice) else ""


WORDS = st.tuples(
    st.sampled_from(["requested", "granted", "granted", "revoked"]),
    st.sampled_from(ADDRESSES),
    st.sampled_from([0, 0, 1, 3]),
)
TURNS = st.tuples(
    st.sampled_from(["merge", "unmerge", "move", "wait"]), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)
)


@settings(max_examples=100)
@given(st.lists(WORDS | TURNS, max_size=25))
def test_nobody_gains_a_permission_by_being_somebody_else(steps: list[tuple[str, str, object]]) -> None:
    all_people = Everybody()
    last: dict[str, tuple[str, int]] = {}  # an address's own last word, and the day from which on it is over
    for what, who, other in steps:
        before = {all_people.reached(one) for one in PEOPLE}
        if isinstance(other, int):
            all_people.say(what, who, other)  # type: ignore[arg-type]
            if what != "requested":
                last[who] = (what, all_people.day + other if other else 10_000)
            continue
        turn(all_people, what, who, str(other))

        after = {all_people.reached(one) for one in PEOPLE}
        allowed = {a for a, (word, over) in last.items() if word == "granted" and all_people.day < over}
        assert after <= allowed | {""}
        if what in ("merge", "wait"):
            assert after <= before | {""}


def turn(everybody: Everybody, what: str, who: str, other: str) -> None:
    """Two are one, or two again; somebody takes another's address; a day goes by."""
    if what == "wait":
        everybody.day += 1
    elif what == "merge" and who != other and who not in everybody.merged and other not in everybody.merged:
        everybody.merged[who] = other
    elif what == "unmerge":
        everybody.merged.pop(who, None)
    elif what == "move":
        everybody.contact[who] = everybody.contact[other]
