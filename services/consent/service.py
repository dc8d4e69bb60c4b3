"""Double opt-in, its second half: a message, and a person who presses a button."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Literal

from services.consent.domain.asks import Confirmed, Question
from services.consent.domain.bases import Terms
from services.consent.domain.evidence import Evidence, Origin
from services.consent.domain.ledger import Entry
from services.consent.domain.purposes import terms_of
from services.consent.domain.replies import reply_code
from services.consent.links import Links, token_id
from services.consent.ports import EvidenceStore, LedgerStore, Position, PurposeStore, Subject
from services.consent.recorder import Recorder, Write
from services.shared import tokens
from services.shared.clock import Clock, from_iso
from services.shared.errors import Invalid

CONFIRM = "confirm"
CONFIRM_WITHIN = timedelta(days=30)


class OptIn:
    """Confirming a permission that was asked for."""

    def __init__(
        self,
        *,
        purposes: PurposeStore,
        ledger: LedgerStore,
        evidence: EvidenceStore,
        recorder: Recorder,
        links: Links,
        clock: Clock,
        address_secret: str,
    ) -> None:
        self._purposes = purposes
        self._ledger = ledger
        self._evidence = evidence
        self._recorder = recorder
        self._links = links
        self._clock = clock
        self._address_secret = address_secret

    def ask_to_confirm(self, token: str) -> Question | None:
        """What the page of a confirmation link shows; `None` when the link was used. Changes nothing.

        Raises:
            Invalid: `token_invalid`, `token_expired`.
        """
        requested = self._requested(token)
        if self._ledger.find(requested.address_key, requested.request_id, "granted"):
            return None
        purpose, _ = self._purposes.get(requested.purpose)
        text = purpose.text(requested.text_version, requested.language) if purpose else None
        return Question(
            title=purpose.title if purpose else requested.purpose,
            text=text.text if text else "",
            language=requested.language,
            nonce=self._links.nonce(token),
        )

    def confirm(self, token: str, nonce: str, origin: Origin) -> Confirmed:
        """Grant what a confirmation link asks, once: `repeated` when it did before and still holds, `used` when
        the permission was changed since.

        Raises:
            Invalid: `token_invalid`, `token_expired`, `form_invalid`.
            Busy: too many writers on the address's shard.
        """
        requested = self._requested(token)
        self._links.check_nonce(token, nonce)

        evidence = Evidence("", origin.ip, origin.user_agent, origin.locale)
        return self._grant(requested, evidence, means="post", token_id=token_id(token))

    def confirm_by_reply(
        self, address_key: str, code: str, reply_id: str, evidence: Evidence
    ) -> Confirmed | Literal["unknown_code"]:
        """Grant what the text message with this code asked, once; the code is bound to one request of this number.

        Raises:
            Busy: too many writers on the address's shard.
        """
        now = self._clock.now()
        for entry in reversed(self._ledger.history(address_key)):
            if entry.kind != "requested" or entry.channel != "sms":
                continue
            fits = hmac.compare_digest(
                reply_code(self._address_secret, entry.request_id).encode(), code.encode()
            )
            if fits and now < from_iso(entry.at) + CONFIRM_WITHIN:
                return self._grant(entry, evidence, means="reply", token_id=reply_id)
        return "unknown_code"

    def _grant(self, requested: Entry, evidence: Evidence, *, means: str, token_id: str) -> Confirmed:
        def decide(position: Position) -> Confirmed | Write[Confirmed]:
            granted = self._ledger.find(requested.address_key, requested.request_id, "granted")
            if granted:
                holds = position.standing and position.standing.entry_id == granted.entry_id
                return "repeated" if holds else "used"
            return Write(
                outcome="granted",
                kind="granted",
                request_id=requested.request_id,
                means=means,
                evidence=evidence,
                text_version=requested.text_version,
                language=requested.language,
                text_hash=requested.text_hash,
                form=requested.form,
                token_id=token_id,
                keep=requested.entry_id if self._evidence.get([requested.entry_id]) else "",
                terms=self._terms(requested, now),
            )

        now = self._clock.now()
        subject = Subject(requested.address_key, requested.purpose, requested.channel)
        return self._recorder.record(subject, now, decide)

    def _terms(self, requested: Entry, now: datetime) -> Terms:
        purpose, _ = self._purposes.get(requested.purpose)
        return terms_of(purpose, requested.channel, now)

    def _requested(self, token: str) -> Entry:
        claims = self._links.claims(CONFIRM, token)
        requested = self._ledger.find(claims["address_key"], claims["request_id"], "requested")
        if requested is None:
            raise Invalid("token_invalid", "token is not one of ours")
        return requested


def confirm_token(secret: str, requested: Entry) -> str:
    """The token of a request's confirmation link: the same for the same request and key."""
    claims = {
        "purpose": requested.purpose,
        "channel": requested.channel,
        "address_key": requested.address_key,
        "request_id": requested.request_id,
        "language": requested.language,
    }
    return tokens.sign(secret, CONFIRM, claims, from_iso(requested.at) + CONFIRM_WITHIN)
