"""A fresh link to the preference centre, for whoever asks at an address. It goes to the address, known or not: so the
answer, and the time it takes, tell nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from services.consent.domain.contact import reachable
from services.consent.domain.evidence import Origin
from services.consent.mailboxes import Mailboxes
from services.consent.ports import EvidenceStore, FactBus, TokenKeys
from services.shared.addresses import address_key
from services.shared.clock import Clock
from services.shared.contracts.consent import NoticeRequested
from services.shared.contracts.messages import AddressedRequest
from services.shared.ids import keyed_hash, stable_id
from services.shared.tokens import PREFERENCES, sign

TEMPLATE = "preferences_link"
VALID = timedelta(days=1)
PER_ADDRESS = 3
"""Messages an address gets in a day, whoever asks."""

Outcome = Literal["sent", "limited"]
"""For the log; visitors get the same answer."""


class FreshLinks:
    """The use case."""

    def __init__(
        self,
        *,
        mailboxes: Mailboxes,
        counters: EvidenceStore,
        keys: TokenKeys,
        bus: FactBus,
        clock: Clock,
        address_secret: str,
        public_url: str,
        requests_per_ip: int,
    ) -> None:
        self._mailboxes = mailboxes
        self._counters = counters
        self._keys = keys
        self._bus = bus
        self._clock = clock
        self._address_secret = address_secret
        self._public_url = public_url
        self._requests_per_ip = requests_per_ip

    def request(self, raw: str, origin: Origin) -> Outcome:
        """Send a link that works for a day. Twice within a minute is once.

        Raises:
            Invalid: `invalid_address`, by its syntax alone.
            NotPublished: the bus refused; repeat.
        """
        address = reachable("email", raw)
        key = address_key(self._address_secret, "email", address)
        now = self._clock.now()
        who = keyed_hash(self._address_secret, f"ip:{origin.ip}")
        day, until = f"{now:%Y-%m-%d}", now + timedelta(days=2)
        if not self._counters.admit(f"link:{who}#{day}", self._requests_per_ip, until):
            return "limited"
        if not self._counters.admit(f"link:{key}#{day}", PER_ADDRESS, until):
            return "limited"
        self._mailboxes.note_asked(key, address, now + VALID)
        claims = {"channel": "email", "email_key": key}
        token = sign(self._keys.current(), PREFERENCES, claims, now + VALID)
        request = AddressedRequest(
            send_id=stable_id("snd", TEMPLATE, key, f"{now:%Y-%m-%dT%H:%M}"),
            template=TEMPLATE,
            channels=["email"],
            requested_at=now,
            address=address,
            params={"preferences_url": f"{self._public_url}/preferences?token={token}"},
        )
        self._bus.publish([NoticeRequested(requests=[request])])
        return "sent"
