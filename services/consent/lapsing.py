"""Permissions lapse by their own date, whoever looks; this tells the others of it, by an entry like any other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from services.consent.domain.evidence import Evidence
from services.consent.domain.ledger import shard_of
from services.consent.ports import Lapse, Lapses, Position
from services.consent.recorder import Recorder, Write
from services.shared.clock import Clock, to_iso
from services.shared.ids import stable_id

MEANS = "time"
MARGIN = timedelta(minutes=5)
"""Longer than it takes until a permission that lapses very soon is written."""

PER_RUN = 5_000
"""Lapses that one run tells; the next run takes the rest."""

Each = Callable[
    [Callable[[Sequence[Lapse]], Counter[str]], Iterable[Sequence[Lapse]]], Iterable[Counter[str]]
]


class Lapsing:
    """The use case; a run that broke off is repeated from where its shard stood, and writes nothing twice."""

    def __init__(self, *, lapses: Lapses, recorder: Recorder, clock: Clock, each: Each) -> None:
        self._lapses = lapses
        self._recorder = recorder
        self._clock = clock
        self._each = each

    def run(self) -> Counter[str]:
        """Write an entry for each permission that lapsed since the last run; `told`, and `moot` where the permission
        was renewed or withdrawn since, or this was told before.

        Raises:
            Busy: too many writers on a shard; the next run begins there again.
        """
        lapsed = list(self._lapses.due(to_iso(self._clock.now() - MARGIN), PER_RUN))
        groups: dict[int, list[Lapse]] = defaultdict(list)
        for one in lapsed:
            groups[shard_of(one.subject.address_key)].append(one)
        total = sum(self._each(self._of_shard, groups.values()), Counter[str]())
        if lapsed:
            self._lapses.told(lapsed[-1])
        return total

    def _of_shard(self, lapsed: Sequence[Lapse]) -> Counter[str]:
        return Counter(self._tell(one) for one in lapsed)

    def _tell(self, lapse: Lapse) -> str:
        def decide(position: Position) -> str | Write[str]:
            standing = position.standing
            if standing is None or (standing.entry_id, standing.state) != (lapse.entry_id, "expired"):
                return "moot"
            return Write(
                outcome="told",
                kind="expired",
                request_id=stable_id("req", MEANS, lapse.entry_id),
                means=MEANS,
                evidence=Evidence("", "", "", "", reason=MEANS),
                text_version=standing.text_version,
                language="",
                text_hash="",
            )

        return self._recorder.record(lapse.subject, self._clock.now(), decide)
