"""Taking a permission back: as easy as giving it, and it always counts."""

from __future__ import annotations

from collections.abc import Callable

from services.consent.domain.asks import Question, Revoked, Withdrawal
from services.consent.domain.contact import reachable
from services.consent.domain.evidence import Evidence, Origin
from services.consent.domain.ledger import MESSAGE
from services.consent.links import Links, token_id
from services.consent.ports import Position, PurposeStore, Subject
from services.consent.recorder import Recorder, Write
from services.shared.addresses import address_key
from services.shared.clock import Clock
from services.shared.errors import Invalid
from services.shared.tokens import UNSUBSCRIBE


class Revocations:
    """Records that a permission ended; who never gave one can object all the same."""

    def __init__(self, recorder: Recorder, clock: Clock, new_id: Callable[[str], str]) -> None:
        self._recorder = recorder
        self._clock = clock
        self._new_id = new_id

    def record(
        self,
        subject: Subject,
        evidence: Evidence,
        *,
        means: str,
        form: str = "",
        token_id: str = "",
        request_id: str = "",
    ) -> Revoked:
        """Revoke, unless it is revoked already. A `request_id` is for one that can be told from its repetition.

        Raises:
            Busy: too many writers on the address's shard.
        """
        request_id = request_id or self._new_id("req")

        def decide(position: Position) -> Revoked | Write[Revoked]:
            if position.standing and position.standing.state == "revoked":
                return "unchanged"
            return Write(
                outcome="revoked",
                kind="revoked",
                request_id=request_id,
                means=means,
                evidence=evidence,
                text_version=position.standing.text_version if position.standing else "",
                language="",
                text_hash="",
                form=form,
                token_id=token_id,
            )

        return self._recorder.record(subject, self._clock.now(), decide)


class Unsubscribing:
    """By the link in every commercial message."""

    def __init__(self, *, purposes: PurposeStore, links: Links, revocations: Revocations) -> None:
        self._purposes = purposes
        self._links = links
        self._revocations = revocations

    def ask(self, token: str) -> Question:
        """What the page of the link shows. Changes nothing.

        Raises:
            Invalid: `token_invalid`, `token_expired`.
        """
        claims = self._links.claims(UNSUBSCRIBE, token)
        purpose, _ = self._purposes.get(claims["purpose"])
        return Question(
            title=purpose.title if purpose else claims["purpose"],
            text="",
            language=claims.get("language", ""),
            nonce=self._links.nonce(token),
        )

    def unsubscribe(self, token: str, nonce: str | None, origin: Origin) -> Revoked:
        """Withdraw; `nonce` is `None` for a mailbox provider's one-click request (RFC 8058).

        Raises:
            Invalid: `token_invalid`, `token_expired`, `form_invalid`.
            Busy: too many writers on the address's shard.
        """
        claims = self._links.claims(UNSUBSCRIBE, token)
        if nonce is not None:
            self._links.check_nonce(token, nonce)
        return self._revocations.record(
            Subject(claims["address_key"], claims["purpose"], claims["channel"]),
            Evidence("", origin.ip, origin.user_agent, origin.locale),
            means="one_click" if nonce is None else "page",
            form=f"{MESSAGE}{claims['send_id']}" if "send_id" in claims else "",
            token_id=token_id(token),
        )


class Withdrawals:
    """By the marketer, for someone who said so by another road."""

    def __init__(self, *, purposes: PurposeStore, revocations: Revocations, address_secret: str) -> None:
        self._purposes = purposes
        self._revocations = revocations
        self._address_secret = address_secret

    def withdraw(self, withdrawal: Withdrawal, origin: Origin) -> tuple[str, Revoked]:
        """Revoke on behalf of a person; answers with the address key and what happened.

        Raises:
            Invalid: `unknown_purpose`, `invalid_address`.
            Busy: too many writers on the address's shard.
        """
        if self._purposes.get(withdrawal.purpose)[0] is None:
            raise Invalid("unknown_purpose", f"purpose {withdrawal.purpose} does not exist")
        address = reachable(withdrawal.channel, withdrawal.address)
        key = self.key_of(withdrawal.channel, address)
        evidence = Evidence(address, origin.ip, origin.user_agent, origin.locale, reason=withdrawal.reason)
        subject = Subject(key, withdrawal.purpose, withdrawal.channel)
        return key, self._revocations.record(subject, evidence, means="marketer")

    def key_of(self, channel: str, address: str) -> str:
        """The key that stands for an address in every other answer.

        Raises:
            Invalid: `invalid_address`.
        """
        return address_key(self._address_secret, channel, reachable(channel, address))
