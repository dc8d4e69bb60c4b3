"""What consent says of one person, and forgets when asked to.

Consent is about addresses; of profiles it only knows the latest address, to notice when that changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from services.consent.addresses import Addresses
from services.consent.domain.contact import reachable
from services.consent.domain.evidence import Evidence
from services.consent.inspection import Inspection
from services.consent.mailboxes import Mailboxes
from services.consent.ports import EvidenceStore, LedgerStore, Subject
from services.consent.withdrawal import Revocations
from services.shared.addresses import address_key
from services.shared.clock import Clock
from services.shared.contracts.person import PersonAnswer, PersonQuestion
from services.shared.errors import Invalid

ERASURE = "erasure"
"""The means of a revocation that an erasure brought."""


class Person:
    """Answers `PersonQuestion`."""

    def __init__(
        self,
        *,
        inspection: Inspection,
        ledger: LedgerStore,
        evidence: EvidenceStore,
        revocations: Revocations,
        addresses: Addresses,
        mailboxes: Mailboxes,
        clock: Clock,
        address_secret: str,
    ) -> None:
        self._inspection = inspection
        self._ledger = ledger
        self._evidence = evidence
        self._revocations = revocations
        self._addresses = addresses
        self._mailboxes = mailboxes
        self._clock = clock
        self._address_secret = address_secret

    def answer(self, question: PersonQuestion) -> PersonAnswer:
        """`describe`: store `consents`, the state by address and purpose. `export`: `consents`, everything that proves
        them, `latest_addresses` by profile, and `new_addresses` that wait for their confirmation. `erase`: `evidence`
        and `latest_addresses` forgotten, `permissions` revoked.

        A permission whose proof is erased can't be shown any more, so it ends, by an entry like any other. Entries
        stay: they hold keyed hashes and digests, a chain with a hole would prove nothing about anybody, and an
        objection must outlive the person's data.

        Raises:
            Busy: too many writers on an address's shard; ask again.
        """
        keys = self._keys(question)
        if question.ask == "erase":
            return PersonAnswer(service="consent", stores=self._erased(keys, question))
        if question.ask == "describe":
            states = [
                {"address": address, **state}
                for key, address in keys.items()
                for state in self._inspection.states(key)["states"]
            ]
            return PersonAnswer(service="consent", stores={"consents": states} if states else {})
        if question.ask == "export":
            proofs = [self._inspection.proof(key) for key in keys if self._ledger.history(key)]
            return PersonAnswer(
                service="consent",
                stores={
                    "consents": proofs,
                    "latest_addresses": self._held(question.profile_ids),
                    "new_addresses": self._waiting(question.profile_ids),
                },
            )
        assert_never(question.ask)

    def _held(self, profile_ids: Iterable[str]) -> dict[str, str]:
        found = {profile_id: self._addresses.held(profile_id) for profile_id in profile_ids}
        return {profile_id: held.address for profile_id, held in found.items() if held}

    def _waiting(self, profile_ids: Iterable[str]) -> dict[str, str]:
        now = self._clock.now()
        found = {profile_id: self._mailboxes.renaming(profile_id, now) for profile_id in profile_ids}
        return {profile_id: renaming.after for profile_id, renaming in found.items() if renaming}

    def _erased(self, keys: dict[str, str], question: PersonQuestion) -> dict[str, Any]:
        """Permissions end first: a crash then leaves a proof too many, never a permission without one."""
        permissions = evidence = 0
        nobody = Evidence("", "", "", "", reason=ERASURE)
        for key in keys:
            for (purpose, channel), standing in self._ledger.states(key).items():
                if standing.state == "granted":
                    subject = Subject(key, purpose, channel)
                    permissions += self._revocations.record(subject, nobody, means=ERASURE) == "revoked"
            entries = [entry.entry_id for entry in self._ledger.history(key) if entry.means != ERASURE]
            evidence += self._evidence.erase(key, entries)
        held = len(self._held(question.profile_ids))
        self._addresses.forget(question.profile_ids, question.at)
        self._mailboxes.close(keys)
        return {"permissions": permissions, "evidence": evidence, "latest_addresses": held}

    def _keys(self, question: PersonQuestion) -> dict[str, str]:
        """The addresses that somebody could have given, by key."""
        keys = {}
        for one in question.addresses:
            try:
                normal = reachable(one.channel, one.address)
                keys[address_key(self._address_secret, one.channel, normal)] = normal
            except (Invalid, ValueError):
                continue
        return keys
