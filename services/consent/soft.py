"""Soft opt-in: a sale of the company's own lets it write of similar products, where the customer could object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.consent.domain.bases import Sale, SoftOptIn, unmet
from services.consent.domain.contact import reachable
from services.consent.domain.evidence import Evidence, Origin
from services.consent.domain.purposes import ConsentText, Language, Name, Purpose, TextVersion
from services.consent.ports import LedgerStore, Position, PurposeStore, Subject
from services.consent.recorder import Recorder, Write
from services.consent.withdrawal import Revocations
from services.shared.addresses import address_key
from services.shared.channels import Channel
from services.shared.clock import Clock, to_iso
from services.shared.errors import Invalid
from services.shared.ids import keyed_hash

MEANS = "sale"


class SoftAsk(BaseModel):
    """A customer and the sale; `text_version` is what stood beside the chance to object."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: Name
    channel: Channel
    address: Annotated[str, StringConstraints(min_length=1, max_length=320)]
    text_version: TextVersion
    language: Language
    sale: Sale


@dataclass(frozen=True)
class Outcome:
    """`granted`, `revoked` (the customer objected), `repeated`, `unchanged` (a permission as good stands), or
    `not_granted` for the conditions named in `unmet`."""

    outcome: str
    unmet: tuple[str, ...] = ()


class SoftOptIns:
    """The use case; the same sale again is nothing new."""

    def __init__(
        self,
        *,
        purposes: PurposeStore,
        ledger: LedgerStore,
        recorder: Recorder,
        revocations: Revocations,
        address_secret: str,
        clock: Clock,
    ) -> None:
        self._purposes = purposes
        self._ledger = ledger
        self._recorder = recorder
        self._revocations = revocations
        self._address_secret = address_secret
        self._clock = clock

    def record(self, ask: SoftAsk, origin: Origin) -> dict[str, Any]:
        """`{address_key, outcome, unmet}`. An objection counts whatever else is said of the sale.

        Raises:
            Invalid: `unknown_purpose`, `unknown_text`, `not_soft_opt_in`, `invalid_address`.
            Busy: too many writers on the address's shard.
        """
        purpose, rule, text = self._offer(ask)
        address = reachable(ask.channel, ask.address)
        key = address_key(self._address_secret, ask.channel, address)
        subject, evidence = Subject(key, ask.purpose, ask.channel), _evidence(ask, address, origin)
        if ask.sale.objected:
            said = self._revocations.record(subject, evidence, means=MEANS, form=ask.sale.objection_offered)
            return _answer(key, Outcome(said))
        now = self._clock.now()
        if conditions := tuple(unmet(rule, ask.sale, now)):
            return _answer(key, Outcome("not_granted", conditions))
        return _answer(key, self._grant(subject, self._write(ask, purpose, text, evidence), now))

    def _grant(self, subject: Subject, write: Write[Outcome], now: datetime) -> Outcome:
        def decide(position: Position) -> Outcome | Write[Outcome]:
            if self._ledger.find(subject.address_key, write.request_id, "granted"):
                return Outcome("repeated")
            standing = position.standing
            if standing and standing.state == "revoked":
                return Outcome("not_granted", ("withdrawn",))
            if write.terms.until and to_iso(now) >= write.terms.until:
                return Outcome("not_granted", ("valid_for",))
            if standing and standing.state == "granted" and not _longer(write.terms.until, standing.until):
                return Outcome("unchanged")
            return write

        return self._recorder.record(subject, now, decide)

    def _write(self, ask: SoftAsk, purpose: Purpose, text: ConsentText, evidence: Evidence) -> Write[Outcome]:
        sold = "\n".join((ask.purpose, ask.channel, evidence.address, ask.sale.source, ask.sale.order_id))
        return Write(
            outcome=Outcome("granted"),
            kind="granted",
            request_id=f"req_{keyed_hash(self._address_secret, sold)}",
            means=MEANS,
            evidence=evidence,
            text_version=text.version,
            language=text.language,
            text_hash=text.hash,
            form=ask.sale.objection_offered,
            terms=purpose.terms(ask.channel, ask.sale.at, soft=True),
        )

    def _offer(self, ask: SoftAsk) -> tuple[Purpose, SoftOptIn, ConsentText]:
        purpose, _ = self._purposes.get(ask.purpose)
        if purpose is None or ask.channel not in purpose.channels:
            raise Invalid("unknown_purpose", f"there is no purpose {ask.purpose} on {ask.channel}")
        rule = purpose.basis_on(ask.channel)
        if not isinstance(rule, SoftOptIn):
            raise Invalid("not_soft_opt_in", f"{ask.purpose} rests on {rule.kind} on {ask.channel}")
        text = purpose.text(ask.text_version, ask.language)
        if text is None:
            raise Invalid("unknown_text", f"purpose {ask.purpose} has no such text version in that language")
        return purpose, rule, text


def _longer(until: str, stands_until: str) -> bool:
    """Does the new one outlast what stands? Without an end, nothing does."""
    return bool(stands_until) and (not until or until > stands_until)


def _evidence(ask: SoftAsk, address: str, origin: Origin) -> Evidence:
    sale = ask.sale
    return Evidence(
        address=address,
        ip=origin.ip,
        user_agent=origin.user_agent,
        locale=origin.locale,
        reason=f"sale of {', '.join(sale.categories)}",
        document=f"order {sale.order_id} at {sale.source}",
        given_at=to_iso(sale.at),
    )


def _answer(key: str, outcome: Outcome) -> dict[str, Any]:
    return {"address_key": key, "outcome": outcome.outcome, "unmet": list(outcome.unmet)}
