"""Which events somebody asks for, of those that only say that a message of ours arrived."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.ingest.domain.history import Signed
from services.ingest.domain.sinks import Sink
from services.shared.contracts.delivery import OutcomesObserved
from services.shared.interaction import ARRIVALS


@dataclass(frozen=True)
class Asked:
    """The `names` among `ARRIVALS` that somebody asks for: all, until scoring has told (`is_told`)."""

    names: frozenset[str] = ARRIVALS
    is_told: bool = False

    @classmethod
    def of(cls, told: Collection[str] | None, sinks: Iterable[Sink]) -> Asked:
        """By what scoring told (`None`: nothing yet, so all count as asked for) and by what sinks take."""
        if told is None:
            return cls()
        taken = {name for name in ARRIVALS for sink in sinks if sink.document.filter.takes(name)}
        return cls(frozenset(ARRIVALS & {*told, *taken}), is_told=True)

    def aside(self, signed: Sequence[Signed], profile_of: Mapping[str, str]) -> list[Signed]:
        """Those that need not be on their profile (`profile_of` a receipt). Where something else of the batch is going
        to be written there, what nobody asks for comes along: that costs nothing."""
        written = {profile_of[one.receipt] for one in signed if self.passes(one)}
        return [one for one in signed if profile_of[one.receipt] not in written]

    def passes(self, one: Signed) -> bool:
        """Does the event belong on a profile whatever else happens there?"""
        call = one.call
        is_arrival = one.source == OutcomesObserved.source and call.type == "track" and call.name in ARRIVALS
        return not is_arrival or call.name in self.names
