"""Somebody, or something, follows a link of a message or loads its picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from services.delivery.domain.agents import agent_of
from services.delivery.domain.feedback import touch_report
from services.delivery.domain.touches import CLICKED, OPENED, TRAP
from services.delivery.domain.tracking import read_short_code
from services.delivery.ports.messages import Messages
from services.delivery.use_cases.tracking import CLICK, OPEN, VALID
from services.shared.clock import Clock
from services.shared.errors import Invalid
from services.shared.tokens import expiry, verify

YOUNG = timedelta(hours=1)
"""How long after it left a message may be on its way to its delivery: the first moments after that are for machines."""

Lost = Callable[[Exception], None]
"""Hears of a visit that could not be noted."""


class Reports(Protocol):
    """The road that providers' reports take as well."""

    def put(self, report: Mapping[str, Any], wait: timedelta = ...) -> None:
        """Hand on a report; it is noted at least once, and not before `wait` is over."""
        ...


class Keys(Protocol):
    """What links are signed with."""

    def signer_of(self, token: str) -> str | None:
        """The key that a token says it is signed with, where it is one of ours."""
        ...

    def known(self) -> list[str]:
        """The current key and the one before."""
        ...


@dataclass(frozen=True)
class Visitor:
    """Who asks: the method and the agent of a request."""

    method: str
    agent: str

    @property
    def who(self) -> str:
        """An `agents.Agent`; a look at the headers alone is no person's."""
        return "machine" if self.method == "HEAD" else agent_of(self.agent)


class FollowLinks:
    """Notes the visit and says where it leads; nothing else changes, whoever asks, and a permission never does.

    Whether a person made it can only be said once the delivery is known, and that may be `late`: so long the visit of a
    young message waits in the queue, or a scanner's would be told as a person's.
    """

    def __init__(
        self,
        *,
        messages: Messages,
        reports: Reports,
        keys: Keys,
        clock: Clock,
        lost: Lost,
        late: timedelta = timedelta(0),
    ) -> None:
        self._messages = messages
        self._reports = reports
        self._keys = keys
        self._clock = clock
        self._lost = lost
        self._late = late

    def click(self, token: str, visitor: Visitor) -> str:
        """Where the link leads to; empty for the one that nobody can see.

        Raises:
            Invalid: `token_invalid` or `token_expired`.
        """
        short = next(filter(None, (read_short_code(key, token) for key in self._keys.known())), None)
        if short:
            send_id, key = short
            message = self._messages.get(send_id)
            url = message.links.get(key, "") if message else ""
            if not url:
                raise Invalid("token_expired", "the message is no longer known")
            self._note(CLICKED, send_id, visitor.who, url)
            return url
        claims = self._claims(CLICK, token)
        url = claims.get("url", "")
        self._note(CLICKED, claims["send_id"], visitor.who if url else TRAP, url, self._wait(token))
        return url

    def open(self, token: str, visitor: Visitor) -> None:
        """The picture was loaded.

        Raises:
            Invalid: `token_invalid` or `token_expired`.
        """
        claims = self._claims(OPEN, token)
        self._note(OPENED, claims["send_id"], visitor.who, "", self._wait(token))

    def _claims(self, use: str, token: str) -> dict[str, str]:
        return verify(self._keys.signer_of(token) or "", use, token, self._clock.now())

    def _wait(self, token: str) -> timedelta:
        """Of e-mails alone: a text message's delivery is reported at once."""
        left = expiry(token) - VALID
        return self._late if self._clock.now() - left < YOUNG else timedelta(0)

    def _note(self, kind: str, send_id: str, who: str, link: str, wait: timedelta = timedelta(0)) -> None:
        report = touch_report(kind, send_id, who, link, self._clock.now())
        try:
            self._reports.put(report, wait)
        except Exception as error:  # who follows a link arrives, whether we could note it or not
            self._lost(error)
