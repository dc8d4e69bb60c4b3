"""Writing to the ledger: read the position, decide, append; again when somebody was faster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from services.consent.domain.bases import NONE, Terms
from services.consent.domain.evidence import Evidence, Sealed
from services.consent.domain.ledger import Draft, Kind, Standing, append, apply
from services.consent.ports import Append, LedgerStore, Position, Subject
from services.shared.clock import to_iso
from services.shared.errors import HalteError

ATTEMPTS = 12
"""Each attempt lost means that another entry was written, so the shard as a whole always moves."""

OutcomeT = TypeVar("OutcomeT")


class Busy(HalteError):
    """Too many others write to the same shard right now (503): repeat the request."""

    status = 503


@dataclass(frozen=True)
class Write(Generic[OutcomeT]):
    """A decision to record something, and what to answer once it is."""

    outcome: OutcomeT
    kind: Kind
    request_id: str
    means: str
    evidence: Evidence
    text_version: str
    language: str
    text_hash: str
    form: str = ""
    token_id: str = ""
    purge_after: timedelta | None = None
    recent: list[datetime] | None = None
    keep: str = ""
    terms: Terms = NONE


Decision = Callable[[Position], OutcomeT | Write[OutcomeT]]
"""What to do in a position: answer at once, or write. It may be asked several times."""


class Recorder:
    """Appends entries so that decision and entry are one: what was decided on still holds when it is written."""

    def __init__(
        self, ledger: LedgerStore, new_id: Callable[[str], str], new_salt: Callable[[], str]
    ) -> None:
        self._ledger = ledger
        self._new_id = new_id
        self._new_salt = new_salt

    def record(self, subject: Subject, now: datetime, decide: Decision[OutcomeT]) -> OutcomeT:
        """Record what `decide` wants in the position it was told, if anything.

        Raises:
            Busy: the shard kept moving.
        """
        for _ in range(ATTEMPTS):
            position = self._ledger.position(subject)
            decision = decide(_as_of(position, now))
            if not isinstance(decision, Write):
                return decision
            if self._ledger.append(self._step(subject, now, position, decision)):
                return decision.outcome
        raise Busy("busy", "too many changes at once; repeat the request")

    def _step(self, subject: Subject, now: datetime, position: Position, write: Write[OutcomeT]) -> Append:
        expires_at = now + write.purge_after if write.purge_after else None
        sealed = Sealed(self._new_id("cns"), write.evidence, self._new_salt(), expires_at)
        draft = Draft(
            entry_id=sealed.entry_id,
            kind=write.kind,
            request_id=write.request_id,
            address_key=subject.address_key,
            purpose=subject.purpose,
            channel=subject.channel,
            text_version=write.text_version,
            language=write.language,
            text_hash=write.text_hash,
            at=to_iso(now),
            means=write.means,
            form=write.form,
            token_id=write.token_id,
            evidence_digest=sealed.digest(),
            basis=write.terms.basis,
            until=write.terms.until,
        )
        entry = append(position.head, draft)
        after: Standing | None = apply(position.standing, entry)
        return Append(
            entry=entry,
            before=position.head,
            sealed=sealed,
            standing=after if after != position.standing else None,
            recent=write.recent,
            keep=write.keep,
        )


def _as_of(position: Position, now: datetime) -> Position:
    """What has lapsed is to be decided on as lapsed."""
    standing = position.standing
    return replace(position, standing=standing.as_of(to_iso(now))) if standing else position
