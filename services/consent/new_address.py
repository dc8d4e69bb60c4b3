"""A new e-mail address that a person names in the preference centre: it counts once its mail is shown to be read.

Whoever holds somebody's newsletter may type any address. Were it believed, mail could be led astray and, an address
being an identifier, a stranger's profile be merged into the own one.
"""

from __future__ import annotations

import hmac
from datetime import timedelta

from services.consent.addresses import masked
from services.consent.domain.asks import Question
from services.consent.links import Links
from services.consent.mailboxes import Mailbox, Mailboxes, Renaming
from services.consent.ports import EvidenceStore, FactBus, TokenKeys
from services.shared import tokens
from services.shared.addresses import address_key
from services.shared.clock import Clock
from services.shared.contracts.consent import NoticeRequested, PreferencesChange, PreferencesChanged
from services.shared.contracts.messages import AddressedRequest
from services.shared.errors import Invalid
from services.shared.ids import stable_id

USE = "new-address"
TEMPLATE = "confirm_new_address"
CONFIRM_WITHIN = timedelta(days=3)
PER_DAY = 3
"""Messages of this kind that an address gets, and that a profile may cause, in a day."""


class NewAddress:
    """Both halves: the message to the new address, and the button behind its link."""

    def __init__(
        self,
        *,
        mailboxes: Mailboxes,
        counters: EvidenceStore,
        links: Links,
        keys: TokenKeys,
        bus: FactBus,
        clock: Clock,
        address_secret: str,
        public_url: str,
    ) -> None:
        self._mailboxes = mailboxes
        self._counters = counters
        self._links = links
        self._keys = keys
        self._bus = bus
        self._clock = clock
        self._address_secret = address_secret
        self._public_url = public_url

    def ask(self, before_key: str, mailbox: Mailbox, email: str, change_id: str) -> bool:
        """Write to the new address; false when it is the one there is. Over its rate nothing is sent, and nobody told.

        Raises:
            NotPublished: the bus refused; repeat.
        """
        after_key = address_key(self._address_secret, "email", email)
        if hmac.compare_digest(after_key, before_key):
            return False
        now = self._clock.now()
        waiting = self._mailboxes.renaming(mailbox.profile_id, now)
        renaming = Renaming(change_id, before_key, mailbox.address, email, now + CONFIRM_WITHIN)
        if waiting is None or waiting.renaming_id != change_id:
            if not self._admitted(after_key, mailbox.profile_id):
                return True
            self._mailboxes.note_renaming(mailbox.profile_id, renaming)
        self._bus.publish(
            [NoticeRequested(requests=[self._message(mailbox.profile_id, renaming, after_key)])]
        )
        return True

    def show(self, token: str) -> Question:
        """What the page of the link shows; `title` is the new address, masked. Changes nothing.

        Raises:
            Invalid: `token_invalid`, `token_expired`, `link_used` when another address was asked for since, or the
                profile's address is another by now.
        """
        renaming = self._waiting(token)
        return Question(title=masked(renaming.after), text="", language="", nonce=self._links.nonce(token))

    def confirm(self, token: str, nonce: str) -> None:
        """The new address becomes the profile's. Pressing again is the same change.

        Raises:
            Invalid: as `show`, and `form_invalid`.
            NotPublished: the bus refused; repeat.
        """
        renaming = self._waiting(token)
        self._links.check_nonce(token, nonce)
        change = PreferencesChange(
            change_id=renaming.renaming_id,
            address=renaming.before,
            at=self._clock.now(),
            email=renaming.after,
        )
        self._bus.publish([PreferencesChanged(changes=[change])])

    def _waiting(self, token: str) -> Renaming:
        claims = self._links.claims(USE, token)
        now, profile_id = self._clock.now(), claims["profile_id"]
        renaming = self._mailboxes.renaming(profile_id, now)
        if renaming is None or renaming.renaming_id != claims["renaming_id"]:
            raise Invalid("link_used", "another address was asked for since")
        mailbox = self._mailboxes.mailbox(renaming.before_key, now)
        if mailbox is None or mailbox.profile_id != profile_id:
            raise Invalid("link_used", "the address was changed already")
        return renaming

    def _admitted(self, after_key: str, profile_id: str) -> bool:
        now = self._clock.now()
        until = now + timedelta(days=2)
        return all(
            self._counters.admit(f"{USE}:{who}#{now:%Y-%m-%d}", PER_DAY, until)
            for who in (profile_id, after_key)
        )

    def _message(self, profile_id: str, renaming: Renaming, after_key: str) -> AddressedRequest:
        claims = {"profile_id": profile_id, "renaming_id": renaming.renaming_id, "address_key": after_key}
        token = tokens.sign(self._keys.current(), USE, claims, renaming.until)
        return AddressedRequest(
            send_id=stable_id("snd", TEMPLATE, renaming.renaming_id),
            template=TEMPLATE,
            channels=["email"],
            requested_at=self._clock.now(),
            address=renaming.after,
            params={"confirm_url": f"{self._public_url}/preferences/email?token={token}"},
        )
