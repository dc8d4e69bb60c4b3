"""Replies to messages: whoever writes STOP is left alone, whoever writes YES and the code has confirmed."""

from __future__ import annotations

from typing import Literal

from services.consent.domain.contact import reachable
from services.consent.domain.evidence import Evidence
from services.consent.domain.replies import Reply, hear
from services.consent.links import token_id
from services.consent.objections import Objections
from services.consent.service import OptIn
from services.shared.addresses import address_key

Outcome = Literal["stopped", "granted", "repeated", "used", "unknown_code", "other"]


class Replies:
    """The use case. A reply that is delivered again changes nothing more."""

    def __init__(self, *, objections: Objections, opt_in: OptIn, address_secret: str) -> None:
        self._objections = objections
        self._opt_in = opt_in
        self._address_secret = address_secret

    def take(self, reply: Reply) -> Outcome:
        """Do what a reply says; `other`: a person has to read it, or nobody.

        Raises:
            Invalid: `invalid_address`: nobody could have been written to there.
            Busy: too many writers on the address's shard.
        """
        heard = hear(reply)
        if heard.meaning == "other":
            return "other"
        address = reachable(reply.channel, reply.address)
        key = address_key(self._address_secret, reply.channel, address)
        evidence = Evidence(address, "", "", "", reason=f"reply:{reply.reply_id}")
        if heard.meaning == "stop":
            cause = f"reply:{reply.reply_id}"
            self._objections.record(key, reply.channel, evidence, means="reply", cause=cause)
            return "stopped"
        return self._opt_in.confirm_by_reply(key, heard.code, token_id(reply.reply_id), evidence)
