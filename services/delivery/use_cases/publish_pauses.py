"""What stopped, and what goes on again, becomes facts on the bus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from services.delivery.domain.pressure.pauses import BRAKE, CIRCUIT, GUARD
from services.delivery.use_cases.publish_outcomes import Publisher
from services.shared.aws.bus import pack
from services.shared.clock import Clock, from_iso
from services.shared.contracts.delivery import SendingPause, SendingPaused, SendingResumed

Item = Mapping[str, Any]


class PublishPauses:
    """Told again, a change is the same fact."""

    def __init__(self, *, bus: Publisher, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock

    def run(self, changes: Iterable[tuple[Item | None, Item | None]]) -> Mapping[str, int]:
        """Publish one batch of the table's stream; how many stopped, and how many go on."""
        paused, resumed = [], []
        for old, new in changes:
            was, is_ = _is_stopped(old), _is_stopped(new)
            if is_ and not was and new:
                paused.append(self._pause(new))
            elif was and not is_ and old:
                resumed.append(self._pause(old, new))
        self._bus.publish(
            [
                *pack(paused, lambda rows: SendingPaused(pauses=rows)),
                *pack(resumed, lambda rows: SendingResumed(pauses=rows)),
            ]
        )
        return {"paused": len(paused), "resumed": len(resumed)}

    def _pause(self, item: Item, after: Item | None = None) -> SendingPause:
        kind, _, rest = str(item["sk"]).partition("#")
        journey, _, channel = rest.rpartition("#")
        moment = (after or {}).get("at") or ("" if after or kind == CIRCUIT else item.get("at"))
        return SendingPause(
            kind=cast("Literal['brake', 'guard', 'circuit']", kind),
            channel=channel,
            journey=journey,
            reason=item.get("reason", ""),
            at=from_iso(moment) if moment else self._clock.now(),
        )


def _is_stopped(item: Item | None) -> bool:
    if item is None:
        return False
    kind = str(item["sk"]).partition("#")[0]
    return kind == CIRCUIT or (kind in (BRAKE, GUARD) and item["state"] == "stopped")
