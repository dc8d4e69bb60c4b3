"""Complaints: whoever calls a message spam has withdrawn what it was sent for. So has whoever unsubscribes at the
provider itself."""

from __future__ import annotations

from services.consent.domain.evidence import Evidence
from services.consent.domain.ledger import MESSAGE
from services.consent.objections import Objections
from services.consent.ports import LedgerStore, Subject
from services.consent.withdrawal import Revocations
from services.shared.contracts.delivery import Complaint
from services.shared.ids import stable_id


class Complaints:
    """The use case: a permission ends once a message, however often its complaint is told."""

    def __init__(self, *, ledger: LedgerStore, revocations: Revocations, objections: Objections) -> None:
        self._ledger = ledger
        self._revocations = revocations
        self._objections = objections

    def take(self, complaint: Complaint) -> str:
        """`revoked`, `unchanged`, or `objected`: about a message that needed no permission, everything ends.

        Raises:
            Busy: too many writers on the address's shard.
        """
        means = complaint.means
        nobody, form = Evidence("", "", "", "", reason=means), f"{MESSAGE}{complaint.send_id}"
        key, channel = complaint.address_key, complaint.channel
        if not complaint.purpose:
            cause = f"{means}:{complaint.send_id}"
            self._objections.record(key, channel, nobody, means=means, cause=cause, form=form)
            return "objected"
        request_id = stable_id("req", means, complaint.send_id)
        if self._ledger.find(key, request_id, "revoked"):
            return "unchanged"
        return self._revocations.record(
            Subject(key, complaint.purpose, channel), nobody, means=means, form=form, request_id=request_id
        )
