"""From events as they were accepted to signed calls, or the reasons why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from services.ingest.domain.arrival import Arrival
from services.ingest.domain.attributes import AttributeRules
from services.ingest.domain.history import Signed
from services.ingest.domain.verdict import Verdict
from services.shared.errors import HalteError

ROLLED_BACK = "rolled_back"

TakenBack = Callable[[Iterable[str]], set[str]]
"""Of some receipts of imports, those whose job was taken back."""


class Reader:
    """Reads arrivals by the registry of attributes, and leaves out what was taken back."""

    def __init__(self, taken_back: TakenBack, attributes: Callable[[], AttributeRules]) -> None:
        self._taken_back = taken_back
        self._attributes = attributes

    def read(
        self, arrivals: Iterable[Arrival], verdicts: dict[str, Verdict], queued_at: Callable[[str], int]
    ) -> list[Signed]:
        """The calls that may count; the others get their verdict. `queued_at` is asked by receipt."""
        signed = []
        arrivals = list(arrivals)
        imported = [arrival.receipt for arrival in arrivals if arrival.door == "import"]
        gone = self._taken_back(imported) if imported else set()
        rules = self._attributes()
        for arrival in arrivals:
            if arrival.receipt in gone:
                verdicts[arrival.receipt] = Verdict("rejected", reason=ROLLED_BACK)
                continue
            try:
                signed.append(_signed(arrival, rules, queued_at(arrival.receipt)))
            except HalteError as refusal:
                verdicts[arrival.receipt] = Verdict("rejected", reason=refusal.code)
        return signed


def _signed(arrival: Arrival, rules: AttributeRules, queued_at: int) -> Signed:
    call = arrival.read()
    withheld = arrival.withheld | rules.withheld(call.traits, arrival.trait_kind).keys()
    if withheld:
        call = replace(call, traits={n: value for n, value in call.traits.items() if n not in withheld})
    return Signed(
        arrival.receipt,
        call,
        public=not arrival.trusted,
        source=arrival.source,
        received_at=arrival.received_at,
        kind=arrival.trait_kind,
        queued_at=queued_at,
        withheld=frozenset(withheld),
    )
