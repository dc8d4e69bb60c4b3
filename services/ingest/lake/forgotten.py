"""What the lake's events still name and nobody is known by any more, because its person was erased."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.ingest.domain.erased import Sifted, without
from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.rulings import erasures
from services.ingest.domain.strands import previous


class Forgotten:
    """Reads events as the live system has them: without identifiers that were erased after the event came (`mark`
    gives the keyed hash of one), and without those that were left out when it came."""

    def __init__(self, mark: Callable[[Identifier], str]) -> None:
        self._mark = mark
        self._erased: Mapping[str, datetime] = {}
        self._left_out: Mapping[str, Sequence[int]] = {}

    def learn(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """What lines of the lake say of that."""
        lines = list(lines)
        self._left_out = {line["receipt"]: line["left_out"] for line in lines if line.get("left_out")}
        self._erased = erasures(lines)

    def only(self, one: Signed) -> Signed:
        """The event without what is forgotten."""
        names = (*one.call.identifiers, *previous(one))
        gone = {*self._left_out.get(one.receipt, ())}
        if self._erased:
            last = len(one.call.identifiers)
            gone |= {min(n, last) for n, name in enumerate(names) if self._is_erased(name, one.received_at)}
        return without(one, gone) if gone else one

    def _is_erased(self, name: Identifier, received_at: datetime) -> bool:
        at = self._erased.get(self._mark(name))
        return at is not None and at >= received_at

    def gate(self, signed: Sequence[Signed], known: Collection[Identifier]) -> Sifted:
        """The consumer's gate of a rebuild: refuses nobody, because whoever was refused is in no line that counts."""
        return Sifted([self.only(one) for one in signed])
