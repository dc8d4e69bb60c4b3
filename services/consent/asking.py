"""Double opt-in, its first half: recording that somebody wishes a permission; the ledger's stream sends the message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from services.consent.domain.asks import Ask, Asked
from services.consent.domain.contact import reachable
from services.consent.domain.evidence import Evidence, Origin
from services.consent.domain.limits import admit
from services.consent.domain.purposes import ConsentText
from services.consent.ports import EvidenceStore, LedgerStore, Position, PurposeStore, Subject
from services.consent.recorder import Recorder, Write
from services.shared.addresses import address_key
from services.shared.clock import Clock
from services.shared.errors import Invalid
from services.shared.ids import keyed_hash

EMAIL_CHANGE = "email-change"
"""The form that a request names which came of a changed address."""

PURGE_AFTER = timedelta(days=30)
"""Who does not confirm is forgotten: the evidence of the request goes, its entry names nobody."""


class Asking:
    """Asking for a permission."""

    def __init__(
        self,
        *,
        purposes: PurposeStore,
        ledger: LedgerStore,
        evidence: EvidenceStore,
        recorder: Recorder,
        address_secret: str,
        clock: Clock,
        new_id: Callable[[str], str],
        requests_per_ip: int,
        requests_per_day: int,
    ) -> None:
        self._purposes = purposes
        self._ledger = ledger
        self._evidence = evidence
        self._recorder = recorder
        self._address_secret = address_secret
        self._clock = clock
        self._new_id = new_id
        self._requests_per_ip = requests_per_ip
        self._requests_per_day = requests_per_day

    def request(
        self,
        ask: Ask,
        origin: Origin,
        *,
        request_id: str = "",
        together: datetime | None = None,
        means: str = "form",
    ) -> Asked:
        """Record the wish for a permission. A `request_id` makes the repetition of a request nothing new; requests
        made `together` count as one towards the address's limit.

        The visitor must never learn which of the outcomes it was.

        Raises:
            Invalid: `unknown_purpose`, `unknown_text`, `channel_not_offered`, `invalid_address`.
            Busy: too many writers on the address's shard.
        """
        text = self._text_to_agree_to(ask)
        address = reachable(ask.channel, ask.address)
        subject = Subject(address_key(self._address_secret, ask.channel, address), ask.purpose, ask.channel)
        if request_id and self._ledger.find(subject.address_key, request_id, "requested"):
            return "repeated"
        now = self._clock.now()
        if not self._admit_origin(origin, now):
            return "limited"
        wish = _wish(
            request_id or self._new_id("req"),
            text,
            Evidence(address, origin.ip, origin.user_agent, origin.locale, ask.profile_ref, page=origin.page),
            form=ask.form,
            means=means,
        )
        return self._record(subject, wish, now, together=together)

    def renew(
        self, subject: Subject, evidence: Evidence, text: ConsentText, *, request_id: str, moment: datetime
    ) -> Asked:
        """Ask the holder of a new address for what was granted at the one before. All requests of one `moment` count
        as one towards the address's limit; the same `request_id` again is nothing new.

        Raises:
            Busy: too many writers on the address's shard.
        """
        wish = _wish(request_id, text, evidence, form=EMAIL_CHANGE, means="email_change")
        return self._record(subject, wish, self._clock.now(), together=moment)

    def _record(
        self, subject: Subject, wish: Write[Asked], now: datetime, *, together: datetime | None = None
    ) -> Asked:
        def decide(position: Position) -> Asked | Write[Asked]:
            if self._ledger.find(subject.address_key, wish.request_id, "requested"):
                return "repeated"
            if together in position.recent:
                return wish
            recent = admit(position.recent, together or now)
            return "limited" if recent is None else replace(wish, recent=recent)

        return self._recorder.record(subject, now, decide)

    def _text_to_agree_to(self, ask: Ask) -> ConsentText:
        purpose, _ = self._purposes.get(ask.purpose)
        if purpose is None:
            raise Invalid("unknown_purpose", f"purpose {ask.purpose} does not exist")
        if ask.channel not in purpose.confirmed_on():
            raise Invalid("channel_not_offered", f"purpose {ask.purpose} is not offered on {ask.channel}")
        text = purpose.text(ask.text_version, ask.language)
        if text is None or not text.active:
            raise Invalid(
                "unknown_text", f"purpose {ask.purpose} offers no such text version in that language"
            )
        return text

    def _admit_origin(self, origin: Origin, now: datetime) -> bool:
        """Within what its IP address may ask for today (who asks by an event has none), and what all may together."""
        day, until = f"{now:%Y-%m-%d}", now + timedelta(days=2)
        who = keyed_hash(self._address_secret, f"ip:{origin.ip}")
        if origin.ip and not self._evidence.admit(f"{who}#{day}", self._requests_per_ip, until):
            return False
        return self._evidence.admit(f"everybody#{day}", self._requests_per_day, until)


def _wish(request_id: str, text: ConsentText, evidence: Evidence, *, form: str, means: str) -> Write[Asked]:
    return Write(
        outcome="recorded",
        kind="requested",
        request_id=request_id,
        means=means,
        evidence=evidence,
        text_version=text.version,
        language=text.language,
        text_hash=text.hash,
        form=form,
        purge_after=PURGE_AFTER,
    )
