"""Double opt-in: a request, a message, a person who presses a button."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from services.consent.domain.asks import Ask, Asked, Confirmed, Question
from services.consent.domain.contact import reachable
from services.consent.domain.evidence import Evidence, Origin
from services.consent.domain.ledger import Entry
from services.consent.domain.limits import admit
from services.consent.domain.purposes import ConsentText
from services.consent.links import Links, token_id
from services.consent.ports import EvidenceStore, LedgerStore, Position, PurposeStore, Subject
from services.consent.recorder import Recorder, Write
from services.shared import tokens
from services.shared.addresses import address_key
from services.shared.clock import Clock, from_iso
from services.shared.errors import Invalid
from services.shared.ids import keyed_hash

CONFIRM = "confirm"
CONFIRM_WITHIN = timedelta(days=30)
PURGE_AFTER = timedelta(days=30)
"""Who does not confirm is forgotten: the evidence of the request goes, its entry names nobody."""


class OptIn:
    """Asking for a permission, and confirming it."""

    def __init__(
        self,
        *,
        purposes: PurposeStore,
        ledger: LedgerStore,
        evidence: EvidenceStore,
        recorder: Recorder,
        links: Links,
        address_secret: str,
        clock: Clock,
        new_id: Callable[[str], str],
        requests_per_ip: int,
    ) -> None:
        self._purposes = purposes
        self._ledger = ledger
        self._evidence = evidence
        self._recorder = recorder
        self._links = links
        self._address_secret = address_secret
        self._clock = clock
        self._new_id = new_id
        self._requests_per_ip = requests_per_ip

    def request(self, ask: Ask, origin: Origin) -> Asked:
        """Record the wish for a permission; the ledger's stream sends the message to confirm it.

        The visitor must never learn which of the two outcomes it was.

        Raises:
            Invalid: `unknown_purpose`, `unknown_text`, `channel_not_offered`, `invalid_address`.
            Busy: too many writers on the address's shard.
        """
        text = self._text_to_agree_to(ask)
        address = reachable(ask.channel, ask.address)
        now = self._clock.now()
        if not self._admit_origin(origin, now):
            return "limited"
        evidence = Evidence(address, origin.ip, origin.user_agent, origin.locale, ask.profile_ref)
        request_id = self._new_id("req")

        def decide(position: Position) -> Asked | Write[Asked]:
            recent = admit(position.recent, now)
            if recent is None:
                return "limited"
            return Write(
                outcome="recorded",
                kind="requested",
                request_id=request_id,
                means="form",
                evidence=evidence,
                text_version=text.version,
                language=text.language,
                text_hash=text.hash,
                form=ask.form,
                purge_after=PURGE_AFTER,
                recent=recent,
            )

        subject = Subject(address_key(self._address_secret, ask.channel, address), ask.purpose, ask.channel)
        return self._recorder.record(subject, now, decide)

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

        def decide(position: Position) -> Confirmed | Write[Confirmed]:
            granted = self._ledger.find(requested.address_key, requested.request_id, "granted")
            if granted:
                holds = position.standing and position.standing.entry_id == granted.entry_id
                return "repeated" if holds else "used"
            return self._grant(requested, token, origin)

        subject = Subject(requested.address_key, requested.purpose, requested.channel)
        return self._recorder.record(subject, self._clock.now(), decide)

    def _grant(self, requested: Entry, token: str, origin: Origin) -> Write[Confirmed]:
        return Write(
            outcome="granted",
            kind="granted",
            request_id=requested.request_id,
            means="post",
            evidence=Evidence("", origin.ip, origin.user_agent, origin.locale),
            text_version=requested.text_version,
            language=requested.language,
            text_hash=requested.text_hash,
            form=requested.form,
            token_id=token_id(token),
            keep=requested.entry_id if self._evidence.get([requested.entry_id]) else "",
        )

    def _text_to_agree_to(self, ask: Ask) -> ConsentText:
        purpose, _ = self._purposes.get(ask.purpose)
        if purpose is None:
            raise Invalid("unknown_purpose", f"purpose {ask.purpose} does not exist")
        if ask.channel not in purpose.channels:
            raise Invalid("channel_not_offered", f"purpose {ask.purpose} is not offered on {ask.channel}")
        text = purpose.text(ask.text_version, ask.language)
        if text is None or not text.active:
            raise Invalid(
                "unknown_text", f"purpose {ask.purpose} offers no such text version in that language"
            )
        return text

    def _admit_origin(self, origin: Origin, now: datetime) -> bool:
        who = keyed_hash(self._address_secret, f"ip:{origin.ip}")
        return self._evidence.admit(f"{who}#{now:%Y-%m-%d}", self._requests_per_ip, now + timedelta(days=2))

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
