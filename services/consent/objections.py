"""Objections: no marketing at all to an address, whatever the purpose, now and later (GDPR 21(3): absolute)."""

from __future__ import annotations

from collections.abc import Callable

from services.consent.domain.asks import Objection
from services.consent.domain.contact import reachable
from services.consent.domain.evidence import Evidence, Origin
from services.consent.ports import LedgerStore, Subject
from services.consent.withdrawal import Revocations
from services.shared.addresses import address_key
from services.shared.contracts.consent import EVERY
from services.shared.ids import stable_id


class Objections:
    """Ends every permission of an address and notes that there is to be none, which outlives the address itself:
    the entry holds its keyed hash. Only what the person confirms later, purpose by purpose, comes after it."""

    def __init__(
        self,
        *,
        ledger: LedgerStore,
        revocations: Revocations,
        address_secret: str,
        new_id: Callable[[str], str],
    ) -> None:
        self._ledger = ledger
        self._revocations = revocations
        self._address_secret = address_secret
        self._new_id = new_id

    def record(
        self,
        address_key: str,
        channel: str,
        evidence: Evidence,
        *,
        means: str,
        cause: str,
        form: str = "",
        token_id: str = "",
    ) -> int:
        """How many permissions ended. The same `cause` again ends nothing that was given since.

        What is permitted ends first: a crash in between is finished by the repetition.

        Raises:
            Busy: too many writers on the address's shard.
        """
        states = {
            purpose: standing.state
            for (purpose, on), standing in self._ledger.states(address_key).items()
            if on == channel
        }
        granted = sorted(purpose for purpose, state in states.items() if state == "granted")
        if not granted and EVERY in states:
            return 0
        ended = 0
        for purpose in [*granted, EVERY]:
            request_id = stable_id("req", cause, purpose, channel)
            if self._ledger.find(address_key, request_id, "revoked"):
                continue
            outcome = self._revocations.record(
                Subject(address_key, purpose, channel),
                evidence,
                means=means,
                form=form,
                token_id=token_id,
                request_id=request_id,
            )
            ended += outcome == "revoked" and purpose != EVERY
        return ended

    def object(self, objection: Objection, origin: Origin, key_of_request: str) -> list[dict[str, object]]:
        """A whole person's: at each of the addresses; `[{address_key, channel, ended}]` in their order. Repeated with
        the same `key_of_request` (empty: none), it ends nothing that was given since.

        Raises:
            Invalid: `invalid_address`; nothing was recorded.
            Busy: too many writers on a shard; repeat.
        """
        cause = f"objection:{key_of_request or self._new_id('obj')}"
        reached = [(one.channel, reachable(one.channel, one.address)) for one in objection.addresses]
        done: list[dict[str, object]] = []
        for channel, address in dict.fromkeys(reached):
            key = address_key(self._address_secret, channel, address)
            evidence = Evidence(address, origin.ip, origin.user_agent, origin.locale, reason=objection.reason)
            ended = self.record(key, channel, evidence, means="objection", cause=cause)
            done.append({"address_key": key, "channel": channel, "ended": ended})
        return done
