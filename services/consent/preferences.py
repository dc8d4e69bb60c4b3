"""The preference centre: who reads the mail of an address may change its permissions, and what the profile behind it
says of them. By the signed link in every commercial message, or one that was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.consent.asking import Asking
from services.consent.domain.asks import Ask, Asked
from services.consent.domain.contact import reachable
from services.consent.domain.evidence import Evidence, Origin
from services.consent.domain.ledger import MESSAGE, Standing
from services.consent.domain.preferences import (
    FORM,
    NUMBER,
    SIGNED_LINK,
    Box,
    Give,
    Wishes,
    boxes,
    is_page_id,
    read,
)
from services.consent.domain.purposes import Purpose, terms_of
from services.consent.links import Links, token_id
from services.consent.mailboxes import Mailbox, Mailboxes
from services.consent.new_address import NewAddress
from services.consent.ports import FactBus, LedgerStore, Position, PurposeStore, Subject
from services.consent.recorder import Recorder, Write
from services.consent.withdrawal import Revocations
from services.shared.clock import Clock, from_iso, to_iso
from services.shared.contracts.consent import PermissionChange, PreferencesChange, PreferencesChanged
from services.shared.errors import Invalid
from services.shared.ids import stable_id
from services.shared.tokens import PREFERENCES

EMAIL = "email"


@dataclass(frozen=True)
class Link:
    """A link that was opened: the channel it was sent on, the keys of the person's addresses by channel, and the
    message it stood in (empty: it was asked for)."""

    token: str
    channel: str
    keys: Mapping[str, str]
    send_id: str


@dataclass(frozen=True)
class Centre:
    """What the page shows. `mailbox` is `None` where the address itself is not known any more."""

    boxes: list[Box]
    mailbox: Mailbox | None
    nonce: str
    page_id: str

    @property
    def has_profile(self) -> bool:
        """Is there somebody whose name and addresses can be changed?"""
        return self.mailbox is not None and bool(self.mailbox.profile_id)


@dataclass(frozen=True)
class Saved:
    """What a form led to. `to_confirm`: a message is on its way to an address that must confirm; with `errors` nothing
    was done."""

    centre: Centre
    changed: bool = False
    to_confirm: bool = False
    errors: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Form:
    """A form that is being worked off: who sent it, from where, and when."""

    link: Link
    mailbox: Mailbox | None
    origin: Origin
    change_id: str
    phone: str
    moment: datetime

    def request_id(self, box: Box) -> str:
        """What the ledger knows a wish of this form by."""
        return stable_id("req", self.change_id, box.purpose, box.channel)

    def address(self, channel: str) -> str:
        """Where a permission on this channel is to be confirmed."""
        if channel != EMAIL:
            return self.phone
        return self.mailbox.address if self.mailbox else ""

    def evidence(self, channel: str) -> Evidence:
        """What proves a choice that was made here: the link and where it was opened."""
        return Evidence(
            address=self.address(channel) if channel == EMAIL else "",
            ip=self.origin.ip,
            user_agent=self.origin.user_agent,
            locale=self.origin.locale,
            profile_ref=self.mailbox.profile_id if self.mailbox else "",
            reason=f"{MESSAGE}{self.link.send_id}" if self.link.send_id else "requested-link",
        )


class PreferenceCentre:
    """The use case. A form that is sent twice is the same change, whatever came of the first."""

    def __init__(
        self,
        *,
        purposes: PurposeStore,
        ledger: LedgerStore,
        mailboxes: Mailboxes,
        links: Links,
        recorder: Recorder,
        revocations: Revocations,
        asking: Asking,
        new_address: NewAddress,
        bus: FactBus,
        clock: Clock,
        new_page_id: Callable[[], str],
    ) -> None:
        self._purposes = purposes
        self._ledger = ledger
        self._mailboxes = mailboxes
        self._links = links
        self._recorder = recorder
        self._revocations = revocations
        self._asking = asking
        self._new_address = new_address
        self._bus = bus
        self._clock = clock
        self._new_page_id = new_page_id

    def show(self, token: str, language: str) -> Centre:
        """What the link's page shows. Changes nothing.

        Raises:
            Invalid: `token_invalid`, `token_expired`.
        """
        return self._centre(self._link(token), self._purposes.all(), language)

    def save(self, token: str, fields: Mapping[str, str], language: str, origin: Origin) -> Saved:
        """Do what the form asks, or say what is wrong with it. What is taken back ends first; the fact leaves last,
        and whoever got no answer sends the form again.

        Raises:
            Invalid: `token_invalid`, `token_expired`, `form_invalid`.
            Busy: too many writers on an address's shard.
            NotPublished: the bus refused; repeat.
        """
        link = self._link(token)
        self._links.check_nonce(token, fields.get("nonce", ""))
        if not is_page_id(fields.get("page", "")):
            raise Invalid("form_invalid", "the form was not sent from its page")
        purposes = self._purposes.all()
        centre = self._centre(link, purposes, language)
        wishes = read(fields, centre.boxes, purposes, has_profile=centre.has_profile, now=self._clock.now())
        errors = {**wishes.errors, **_unknown_addresses(centre, wishes)}
        if errors:
            return Saved(centre, errors=errors)
        change_id = stable_id("prc", token_id(token), json.dumps(dict(fields), sort_keys=True))
        return self._do(link, centre, wishes, origin, change_id)

    def _do(self, link: Link, centre: Centre, wishes: Wishes, origin: Origin, change_id: str) -> Saved:
        form = Form(
            link, centre.mailbox, origin, change_id, wishes.phone, from_iso(to_iso(self._clock.now()))
        )
        permissions = [self._take(form, box) for box in wishes.take if box.channel in link.keys]
        given = [self._give(form, one) for one in wishes.give]
        permissions += [one for one in given if one is not None]
        for one in wishes.move:
            self._ask(form, one)
        asked = bool(wishes.move) or any(not one.box.by_link for one in wishes.give)
        mailbox = centre.mailbox
        if mailbox is not None and mailbox.profile_id:
            if wishes.email:
                asked |= self._new_address.ask(link.keys[EMAIL], mailbox, wishes.email, change_id)
            if permissions or wishes.traits:
                change = PreferencesChange(
                    change_id=change_id,
                    address=mailbox.address,
                    at=self._clock.now(),
                    traits=dict(wishes.traits),
                    permissions=permissions,
                )
                self._bus.publish([PreferencesChanged(changes=[change])])
        changed = bool(wishes.take or wishes.give or wishes.traits)
        return Saved(centre, changed=changed, to_confirm=asked)

    def _take(self, form: Form, box: Box) -> PermissionChange:
        """End the permission, once a form: sent again after it was given anew elsewhere, it ends nothing."""
        key, request_id = form.link.keys[box.channel], form.request_id(box)
        if not self._ledger.find(key, request_id, "revoked"):
            self._revocations.record(
                Subject(key, box.purpose, box.channel),
                form.evidence(box.channel),
                means="page",
                form=FORM,
                token_id=token_id(form.link.token),
                request_id=request_id,
            )
        return PermissionChange(purpose=box.purpose, channel=box.channel, state="revoked")

    def _give(self, form: Form, one: Give) -> PermissionChange | None:
        """Give the permission or ask for its confirmation; `None`: the address was asked too often today."""
        box, request_id = one.box, form.request_id(one.box)
        if box.by_link:
            self._grant(form, one, request_id)
            return PermissionChange(purpose=box.purpose, channel=box.channel, state="granted")
        if self._ask(form, one) == "limited":
            return None
        return PermissionChange(purpose=box.purpose, channel=box.channel, state="requested")

    def _ask(self, form: Form, one: Give) -> Asked:
        """Ask the holder of the address; a number that they confirm becomes the profile's."""
        box, profile_id = one.box, form.mailbox.profile_id if form.mailbox else ""
        ask = Ask(
            purpose=box.purpose,
            channel=box.channel,
            address=form.address(box.channel),
            text_version=one.text.version,
            language=one.text.language,
            form=FORM,
        )
        if profile_id and box.channel != EMAIL:
            ask = ask.model_copy(update={"form": NUMBER, "profile_ref": profile_id})
        request_id = form.request_id(box)
        return self._asking.request(ask, form.origin, request_id=request_id, together=form.moment)

    def _grant(self, form: Form, one: Give, request_id: str) -> None:
        """Give the permission, once a form: sent again after it was taken back elsewhere, it does not come back."""
        key, now = form.link.keys[one.box.channel], self._clock.now()
        purpose, _ = self._purposes.get(one.box.purpose)

        def decide(position: Position) -> str | Write[str]:
            if position.standing and position.standing.state == "granted":
                return "unchanged"
            if self._ledger.find(key, request_id, "granted"):
                return "repeated"
            return Write(
                outcome="granted",
                kind="granted",
                request_id=request_id,
                means=SIGNED_LINK,
                evidence=form.evidence(one.box.channel),
                text_version=one.text.version,
                language=one.text.language,
                text_hash=one.text.hash,
                form=FORM,
                token_id=token_id(form.link.token),
                terms=terms_of(purpose, one.box.channel, now),
            )

        self._recorder.record(Subject(key, one.box.purpose, one.box.channel), now, decide)

    def _link(self, token: str) -> Link:
        claims = self._links.claims(PREFERENCES, token)
        keys = {name.removesuffix("_key"): key for name, key in claims.items() if name.endswith("_key")}
        return Link(token, claims["channel"], keys, claims.get("send_id", ""))

    def _centre(self, link: Link, purposes: Mapping[str, Purpose], language: str) -> Centre:
        now, states = to_iso(self._clock.now()), dict[tuple[str, str], Standing]()
        for channel, key in link.keys.items():
            held = self._ledger.states(key).items()
            states |= {where: s.as_of(now) for where, s in held if where[1] == channel}
        key = link.keys.get(EMAIL, "")
        return Centre(
            boxes=boxes(purposes, states, language, link.channel),
            mailbox=self._mailboxes.mailbox(key, self._clock.now()) if key else None,
            nonce=self._links.nonce(link.token),
            page_id=self._new_page_id(),
        )


def _unknown_addresses(centre: Centre, wishes: Wishes) -> dict[str, str]:
    """Ticks that would have to be confirmed by mail to an address that is not known any more, or takes none."""
    asked = [one.box.name for one in wishes.give if one.box.channel == EMAIL and not one.box.by_link]
    try:
        reachable(EMAIL, centre.mailbox.address if centre.mailbox else "")
    except Invalid:
        return dict.fromkeys(asked, "ask_for_a_link")
    return {}
