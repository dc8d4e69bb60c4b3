"""Splits that learn, in the plans table: one small item a walk and arm, in so many places that none is hot.

A#<journey>#<version>#<node>            WINNER               the arm that has won
A#<journey>#<version>#<node>#<place>    <arm>#came#<walk>    a walk has come to an arm
A#<journey>#<version>#<node>#<place>    <arm>#goal#<walk>    and has reached the goal
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from services.journeys.domain.contests import Contest, Score, Tally
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.aws.parallel import done, each
from services.shared.clock import Clock, to_iso

PLACES = "0123456789abcdef"
KEPT = timedelta(days=400)
CAME, REACHED = "came", "goal"


class DynamoContests:
    """`ports.contests.Contests` on the plans table."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def note(self, scores: Iterable[Score]) -> None:
        expires_at = int((self._clock.now() + KEPT).timestamp())
        self._table.put_many({**_key(score), "expires_at": expires_at} for score in dict.fromkeys(scores))

    def tally(self, contest: Contest, arm: str) -> Tally:
        return Tally(self._count(contest, arm, CAME), self._count(contest, arm, REACHED))

    def winner(self, contest: Contest) -> str:
        item = self._table.get(_winner_key(contest), consistent=True)
        return str(item["arm"]) if item else ""

    def settle(self, contest: Contest, arm: str, at: datetime) -> str:
        item = {**_winner_key(contest), "arm": arm, "at": to_iso(at)}
        try:
            self._table.put(item, condition="attribute_not_exists(pk)")
        except ConditionFailed as refused:
            return str((refused.item or item)["arm"])
        return arm

    def declare(self, contest: Contest, arm: str, at: datetime) -> None:
        self._table.put({**_winner_key(contest), "arm": arm, "at": to_iso(at)})

    def _count(self, contest: Contest, arm: str, what: str) -> int:
        def count(place: str) -> int:
            return self._table.count(
                "pk = :pk AND begins_with(sk, :what)",
                names={},
                values={":pk": f"{_pk(contest)}#{place}", ":what": f"{arm}#{what}#"},
            )

        return sum(done(each(count, PLACES)))


def _pk(contest: Contest) -> str:
    return f"A#{contest.journey}#{contest.version}#{contest.node}"


def _winner_key(contest: Contest) -> Item:
    return {"pk": _pk(contest), "sk": "WINNER"}


def _key(score: Score) -> Item:
    what = REACHED if score.reached else CAME
    return {
        "pk": f"{_pk(score.contest)}#{score.enrolment_id[-1]}",
        "sk": f"{score.arm}#{what}#{score.enrolment_id}",
    }
