"""E-mail by SES v2."""

from __future__ import annotations

from services.delivery.adapters.senders.attempt import attempt, message_id
from services.delivery.domain.mime import NotAnEmail, build_mime
from services.delivery.domain.protocol import Answer, Refused
from services.delivery.ports.messages import Outgoing
from services.shared.aws.clients import single_attempt_client


class SesSender:
    """Raw MIME to one recipient, with the send id as a tag that comes back in feedback. What needs permission leaves by
    a configuration set of its own."""

    def __init__(self, from_address: str, configuration_set: str, marketing_configuration_set: str) -> None:
        self._from = from_address
        self._configuration_sets = {False: configuration_set, True: marketing_configuration_set}
        self._client = single_attempt_client("sesv2")

    def send(self, outgoing: Outgoing) -> Answer:
        try:
            raw = build_mime(
                sender=self._from,
                to=outgoing.to,
                content=outgoing.content,
                at=outgoing.at,
                unsubscribe_url=outgoing.unsubscribe_url if outgoing.commercial else "",
            )
        except NotAnEmail:
            return Refused("invalid_message")
        request = {
            "FromEmailAddress": self._from,
            "Destination": {"ToAddresses": [outgoing.to]},
            "Content": {"Raw": {"Data": raw}},
            "ConfigurationSetName": self._configuration_sets[outgoing.commercial],
            "EmailTags": [{"Name": "send_id", "Value": outgoing.send_id}],
        }
        return attempt(lambda: self._client.send_email(**request), message_id)
