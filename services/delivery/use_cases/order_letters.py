"""Letters become the day's order, and the printer says what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from services.delivery.domain.feedback import Feedback
from services.delivery.domain.letters import FATES, Statuses, order_file, piece_ids, statuses_in
from services.delivery.ports.channels import TermsStore
from services.delivery.ports.messages import Messages
from services.delivery.ports.work import Orders, Work
from services.delivery.use_cases.note_feedback import NoteFeedback
from services.shared.clock import Clock
from services.shared.errors import NotFound


class UnreadableReport(Exception):
    """A printer's file says nothing that can be noted; somebody must look at it."""


class OrderLetters:
    """Once a day. The order file is the truth: a piece that stands in one is never ordered again."""

    def __init__(
        self,
        *,
        work: Work,
        orders: Orders,
        terms: TermsStore,
        messages: Messages,
        noting: NoteFeedback,
        clock: Clock,
    ) -> None:
        self._work = work
        self._orders = orders
        self._terms = terms
        self._messages = messages
        self._noting = noting
        self._clock = clock

    def close(self) -> dict[str, int]:
        """Order what waits, unless today has its order; how many pieces that were. Begun again, by two at once, or
        after a crash between any two steps, it orders each piece once: whoever comes first writes the file, and what
        stands in the newest file is taken from the waiting before another is written."""
        days = self._orders.days()
        if days:
            self._tidy(days[-1])
        today = f"{self._clock.now():%Y-%m-%d}"
        pieces = self._work.pieces()
        if today <= max(days, default="") or not pieces:
            return {"ordered": 0, "waiting": len(pieces)}
        written = self._orders.put(today, order_file(pieces, self._terms.stored().home_country))
        self._tidy(today)
        return {"ordered": len(pieces) if written else 0, "waiting": len(self._work.pieces())}

    def days(self) -> dict[str, Any]:
        """`{orders}`: the days that have one."""
        return {"orders": self._orders.days()}

    def link(self, day: str) -> dict[str, Any]:
        """`{day, url}`: where an order can be fetched for an hour.

        Raises:
            NotFound: that day has none.
        """
        self._must_be(day)
        return {"day": day, "url": self._orders.link(day)}

    def statuses(self, day: str, body: Mapping[str, Any]) -> dict[str, int]:
        """Note what the printer says of pieces of an order: how many of each status, and how many are `foreign`.

        Raises:
            NotFound: that day has none.
            pydantic.ValidationError: the body breaks a rule.
        """
        said = Statuses.model_validate(dict(body))
        self._must_be(day)
        return self._noted(said, piece_ids(self._orders.read(day)))

    def take_reports(self) -> dict[str, int]:
        """Note what the printer says in files; how many files, and how many of each status. A file is removed when all
        of it is noted; begun again, it says the same.

        Raises:
            UnreadableReport: some could not be read, after all others were noted; they stay.
        """
        counts, unreadable = Counter[str](), 0
        days = set(self._orders.days())
        for day, name in self._orders.reports():
            try:
                portions = statuses_in(self._orders.report(name))
            except ValueError:
                unreadable += 1
                continue
            if day not in days:
                unreadable += 1
                continue
            ordered = piece_ids(self._orders.read(day))
            for said in portions:
                counts.update(self._noted(said, ordered))
            self._orders.forget_report(name)
            counts["files"] += 1
        if unreadable:
            raise UnreadableReport(f"{unreadable} files of statuses can't be read")
        return dict(counts)

    def _noted(self, said: Statuses, ordered: Collection[str]) -> dict[str, int]:
        counts: dict[str, int] = {}
        for one in said.pieces:
            message = self._messages.get(one.piece_id) if one.piece_id in ordered else None
            known = message is not None and message.channel == "print"
            if known:
                self._noting.note(Feedback(FATES[one.status], one.piece_id, f"print-{one.piece_id}", one.at))
            name = one.status if known else "foreign"
            counts[name] = counts.get(name, 0) + 1
        return counts

    def _tidy(self, day: str) -> None:
        ordered = piece_ids(self._orders.read(day))
        waiting = {piece.send_id for piece in self._work.pieces()}
        self._work.forget_pieces(sorted(waiting & ordered))

    def _must_be(self, day: str) -> None:
        if day not in self._orders.days():
            raise NotFound("not_found", f"no order of {day}")
