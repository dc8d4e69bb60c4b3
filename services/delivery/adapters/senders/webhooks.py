"""Messages that other systems bring to the person: lines on a wallet pass, and whatever a receiver does with them."""

from __future__ import annotations

from services.delivery.domain.protocol import Answer
from services.delivery.ports.messages import Outgoing
from services.delivery.ports.work import Receiver
from services.shared.clock import to_iso


class WebhookSender:
    """Tells the receiver of a `channel` in one signed request, whose id is the send id."""

    def __init__(self, channel: str, receiver: Receiver) -> None:
        self._channel = channel
        self._receiver = receiver

    def send(self, outgoing: Outgoing) -> Answer:
        name = "pass_id" if self._channel == "wallet" else "profile_id"
        return self._receiver.tell(
            self._channel,
            outgoing.send_id,
            {
                "type": "message",
                "send_id": outgoing.send_id,
                name: outgoing.to,
                "template": outgoing.template,
                "text": outgoing.content.text,
                "at": to_iso(outgoing.at),
            },
        )
