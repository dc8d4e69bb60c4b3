"""One attempt to reach a sink."""

from __future__ import annotations

from collections.abc import Callable, Collection

from services.ingest.adapters.guarded_https import GuardedHttps
from services.ingest.domain.circuit import Answer, Delivered, Failed
from services.ingest.domain.sinks import FORWARDED, Delivery, EventBridgeSink, Sink, WebhookSink
from services.shared.aws.bus import Bus, NotPublished
from services.shared.clock import Clock
from services.shared.net.signing import secret_of, signed_headers

USER_AGENT = "Halte-Webhooks/1"


class WebhookSender:
    """Port `Sender` for webhooks: signed as Standard Webhooks are."""

    def __init__(self, https: GuardedHttps, master_secret: Callable[[], str], clock: Clock) -> None:
        self._https = https
        self._master_secret = master_secret
        self._clock = clock

    def send(self, sink: Sink, delivery: Delivery) -> Answer:
        if not isinstance(sink.document, WebhookSink):
            raise TypeError(f"sink {sink.sink_id} is no webhook")
        now = self._clock.now()
        body = delivery.body()
        secrets = [secret_of(self._master_secret(), sink.sink_id, salt) for salt in sink.salts(now)]
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            **signed_headers(secrets, delivery.delivery_id, int(now.timestamp()), body),
        }
        return self._https.post(sink.document.url, body, headers)


class BusSender:
    """Port `Sender` for event buses: the fact as it is on our own, less what the sink's filter leaves out."""

    def __init__(self, allowed_buses: Collection[str]) -> None:
        self._allowed_buses = allowed_buses

    def send(self, sink: Sink, delivery: Delivery) -> Answer:
        from botocore.exceptions import BotoCoreError, ClientError

        if not isinstance(sink.document, EventBridgeSink):
            raise TypeError(f"sink {sink.sink_id} is no event bus")
        if sink.document.bus_arn not in self._allowed_buses:
            return Failed("bus_not_allowed")
        fact = FORWARDED[delivery.fact].model_validate(delivery.data())
        try:
            Bus(sink.document.bus_arn).publish([fact])
        except (NotPublished, BotoCoreError, ClientError):
            return Failed("bus_refused")
        return Delivered()
