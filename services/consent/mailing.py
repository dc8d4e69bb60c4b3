"""The message that asks for a confirmation is part of the proof: that it left, when, by which provider id, in which
version of its template. Delivery tells it; it becomes an entry like any other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from services.consent.domain.evidence import Evidence
from services.consent.domain.ledger import MESSAGE, Entry
from services.consent.ports import EvidenceStore, LedgerStore, Position, Subject
from services.consent.recorder import Recorder, Write
from services.shared.clock import Clock, to_iso
from services.shared.contracts.delivery import MessageOutcome

KEPT_FOR = timedelta(days=30)
"""How long it is known which request a message was for: no longer than its link works."""


class Mailing:
    """Records messages that left."""

    def __init__(
        self, *, ledger: LedgerStore, evidence: EvidenceStore, recorder: Recorder, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._evidence = evidence
        self._recorder = recorder
        self._clock = clock

    def sent(self, messages: Iterable[MessageOutcome]) -> int:
        """Record those that asked for a confirmation, each once; how many were new.

        Raises:
            Busy: too many writers on an address's shard; repeat it.
        """
        return sum(self._sent(message) for message in messages)

    def _sent(self, message: MessageOutcome) -> bool:
        asked = self._evidence.asked_by(message.send_id)
        requested = self._ledger.find(*asked, "requested") if asked else None
        if requested is None:
            return False

        def decide(_: Position) -> bool | Write[bool]:
            if self._ledger.find(requested.address_key, requested.request_id, "mailed"):
                return False
            return _left(requested, message)

        subject = Subject(requested.address_key, requested.purpose, requested.channel)
        return self._recorder.record(subject, self._clock.now(), decide)


def _left(requested: Entry, message: MessageOutcome) -> Write[bool]:
    """Its evidence names nobody, so nothing of it is purged."""
    evidence = Evidence(
        "",
        "",
        "",
        "",
        provider_id=message.provider_id,
        template=message.template,
        template_version=str(message.template_version),
        sent_at=to_iso(message.at),
    )
    return Write(
        outcome=True,
        kind="mailed",
        request_id=requested.request_id,
        means="message",
        evidence=evidence,
        text_version=requested.text_version,
        language=requested.language,
        text_hash=requested.text_hash,
        form=f"{MESSAGE}{message.send_id}",
    )
