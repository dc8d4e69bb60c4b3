"""Text messages by AWS End User Messaging."""

from __future__ import annotations

from services.delivery.adapters.senders.attempt import attempt, message_id
from services.delivery.domain.protocol import Answer
from services.delivery.ports.messages import Outgoing
from services.shared.aws.clients import single_attempt_client


class SmsSender:
    """One message, with the send id as context that comes back in feedback."""

    def __init__(self, origination: str, configuration_set: str) -> None:
        self._origination = origination
        self._configuration_set = configuration_set
        self._client = single_attempt_client("pinpoint-sms-voice-v2")

    def send(self, outgoing: Outgoing) -> Answer:
        request = {
            "DestinationPhoneNumber": outgoing.to,
            "OriginationIdentity": self._origination,
            "MessageBody": outgoing.content.text,
            "MessageType": "PROMOTIONAL" if outgoing.commercial else "TRANSACTIONAL",
            "ConfigurationSetName": self._configuration_set,
            "Context": {"send_id": outgoing.send_id},
        }
        return attempt(lambda: self._client.send_text_message(**request), message_id)
