"""A stand-in for what leaves the system: SES v2 `SendEmail`, End User Messaging `SendTextMessage` and its opt-out list,
and push.

It speaks the providers' own wire formats on the loopback interface, holds each request against botocore's service
model, and keeps everything it accepted: that log is the oracle for "was it sent, how often, with what in it".
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local import stand_in_push as push
from local.loopback import Handler, Loopback
from local.provider_models import Models, Refused
from local.stand_in_account import DESCRIBED, GET_ACCOUNT, Account, described, refused, ses_account

SES_PATH = "/v2/email/outbound-emails"
SMS_SERVICE = "pinpoint-sms-voice-v2"
SMS_TARGET = "PinpointSMSVoiceV2."
OPT_OUTS = ("PutOptedOutNumber", "DeleteOptedOutNumber", "DescribeOptedOutNumbers")


@dataclass(frozen=True)
class Accepted:
    """One message a provider took: `mime` is the whole e-mail (else None), `text` the SMS, `tags` what feedback
    carries back (SES's EmailTags, the SMS context)."""

    number: int
    message_id: str
    channel: str
    to: str
    sender: str
    configuration_set: str
    tags: dict[str, str]
    mime: bytes | None = None
    text: str = ""
    message_type: str = ""


@dataclass
class Faults:
    """What goes wrong, for tests: `latency` in real seconds; `refuse`, `drop` and `lose_answer` are shares of
    requests that are throttled, that end before they are taken, or that are accepted without an answer."""

    latency: float = 0.0
    refuse: float = 0.0
    drop: float = 0.0
    lose_answer: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(0))


class StandIn(Loopback):
    """The server, where `AWS_ENDPOINT_URL_SESV2`, `…_PINPOINT_SMS_VOICE_V2`, `…_PINPOINT` and `…_SNS` point;
    `on_accept` hears of every accepted message (on the server's thread, so it must be quick)."""

    def __init__(self, on_accept: Callable[[Accepted], None] | None = None) -> None:
        self.accepted: list[Accepted] = []
        self.refused: list[str] = []
        self.opted_out: dict[str, tuple[float, bool]] = {}
        self.faults = Faults()
        self.account = Account()
        self.on_accept = on_accept
        self._lock = threading.Lock()
        self._models = Models()
        stand_in = self

        class Taking(_Handler):
            owner = stand_in

        super().__init__(Taking, name="stand-in")

    def take(self, service: str, operation: str, body: bytes) -> str:
        """Accept a request; its message id.

        Raises:
            Refused: the service's model does not allow the request.
        """
        params = self._models.validated(service, operation, body)
        return self._keep(service, _email if service == "sesv2" else _text_message, params)

    def push(self, service: str, params: Mapping[str, Any]) -> str:
        """Accept a notification; its message id.

        Raises:
            Refused: the service's model, or what one device can be sent, does not allow the request.
            push.Disabled: the endpoint takes nothing.
        """
        self._models.check(service, "Publish" if service == "sns" else "SendMessages", params)
        try:
            to, _, _ = push.said(service, params)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise Refused(f"no notification to one device: {error}") from error
        if push.is_gone(service, to):
            return f"{uuid.uuid4()}"

        def notification(number: int, message_id: str, params: dict[str, Any]) -> Accepted:
            to, text, tags = push.said(service, params)
            return Accepted(number, message_id, "push", to, service, "", tags, text=text)

        return self._keep(service, notification, dict(params))

    def _keep(self, service: str, make: Callable[..., Accepted], params: dict[str, Any]) -> str:
        with self._lock:
            number = len(self.accepted) + 1
            message_id = f"{uuid.uuid5(uuid.NAMESPACE_OID, f'{service}:{number}')}"
            message = make(number, message_id, params)
            self.accepted.append(message)
        if self.on_accept:
            self.on_accept(message)
        return message_id

    def describe(self, operation: str, body: bytes) -> dict[str, Any]:
        """What End User Messaging tells of its account.

        Raises:
            Refused: the service's model does not allow the request.
        """
        self._models.validated(SMS_SERVICE, operation, body)
        return described(self.account, operation)

    def opt_outs(self, operation: str, body: bytes) -> dict[str, Any]:
        """An operation on the opt-out list: numbers with when (epoch seconds) and whether by their holder.

        Raises:
            Refused: the service's model does not allow the request.
            KeyError: the number to delete is not on the list.
        """
        params = self._models.validated(SMS_SERVICE, operation, body)
        with self._lock:
            if operation == "DescribeOptedOutNumbers":
                begin, count = int(params.get("NextToken", "0")), int(params.get("MaxResults", 10))
                rows = [_opted_out(number, *since) for number, since in sorted(self.opted_out.items())]
                more = {"NextToken": str(begin + count)} if begin + count < len(rows) else {}
                return {"OptedOutNumbers": rows[begin : begin + count], **more}
            number = params["OptedOutNumber"]
            if operation == "PutOptedOutNumber":
                since = self.opted_out.setdefault(number, (time.time(), False))
            else:
                since = self.opted_out.pop(number)
        return _opted_out(number, *since)


def _opted_out(number: str, at: float, by_person: bool) -> dict[str, Any]:
    return {"OptedOutNumber": number, "OptedOutTimestamp": at, "EndUserOptedOut": by_person}


def _email(number: int, message_id: str, params: dict[str, Any]) -> Accepted:
    destination = params.get("Destination", {})
    to = [a for kind in ("ToAddresses", "CcAddresses", "BccAddresses") for a in destination.get(kind, [])]
    raw = params["Content"].get("Raw", {}).get("Data")
    if len(to) != 1 or raw is None:
        raise Refused("this stand-in takes raw messages to exactly one recipient")
    return Accepted(
        number=number,
        message_id=message_id,
        channel="email",
        to=to[0],
        sender=params.get("FromEmailAddress", ""),
        configuration_set=params.get("ConfigurationSetName", ""),
        tags={tag["Name"]: tag["Value"] for tag in params.get("EmailTags", [])},
        mime=raw,
    )


def _text_message(number: int, message_id: str, params: dict[str, Any]) -> Accepted:
    return Accepted(
        number=number,
        message_id=message_id,
        channel="sms",
        to=params["DestinationPhoneNumber"],
        sender=params.get("OriginationIdentity", ""),
        configuration_set=params.get("ConfigurationSetName", ""),
        tags=dict(params.get("Context", {})),
        text=params.get("MessageBody", ""),
        message_type=params.get("MessageType", ""),
    )


class _Handler(Handler):
    """HTTP in three protocols: restJson1 (SES v2, push), awsJson1.0 (SMS), and the query protocol (SNS)."""

    owner: StandIn

    def do_GET(self) -> None:
        if self.path != GET_ACCOUNT:
            self._error(404, "UnknownOperationException", f"no operation at {self.path}")
            return
        sent = sum(message.channel == "email" for message in list(self.owner.accepted))
        self._answer(200, ses_account(self.owner.account, sent))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        faults = self.owner.faults
        if faults.latency:
            time.sleep(faults.latency)
        target = self.headers.get("X-Amz-Target", "")
        if self.path == SES_PATH:
            service, operation = "sesv2", "SendEmail"
        elif self.path == "/" and target == f"{SMS_TARGET}SendTextMessage":
            service, operation = SMS_SERVICE, "SendTextMessage"
        elif self.path == "/" and target.removeprefix(SMS_TARGET) in OPT_OUTS:
            self._told(self.owner.opt_outs, target.removeprefix(SMS_TARGET), body)
            return
        elif self.path == "/" and target.removeprefix(SMS_TARGET) in DESCRIBED:
            self._told(self.owner.describe, target.removeprefix(SMS_TARGET), body)
            return
        elif application := push.PATH.fullmatch(self.path):
            self._pinpoint(application.group(1), body, faults)
            return
        elif published := push.sns_params(body):
            self._sns(published, faults)
            return
        else:
            self._error(404, "UnknownOperationException", f"no operation at {self.path} {target}")
            return
        self._serve(service, operation, body, faults)

    def _serve(self, service: str, operation: str, body: bytes, faults: Faults) -> None:
        if faults.chance.random() < faults.drop:
            self.close_connection = True
            return
        if faults.chance.random() < faults.refuse:
            code = "TooManyRequestsException" if service == "sesv2" else "ThrottlingException"
            self._error(429 if service == "sesv2" else 400, code, "slow down")
            return
        if (refusal := refused(self.owner.account, service)) is not None:
            code, more = refusal
            self._error(400, code, "nothing leaves this account", **more)
            return
        try:
            message_id = self.owner.take(service, operation, body)
        except Refused as refusal:
            self.owner.refused.append(str(refusal))
            code = "BadRequestException" if service == "sesv2" else "ValidationException"
            self._error(400, code, str(refusal))
            return
        if faults.chance.random() < faults.lose_answer:
            self.close_connection = True
            return
        self._answer(200, {"MessageId": message_id})

    def _pinpoint(self, application_id: str, body: bytes, faults: Faults) -> None:
        if faults.chance.random() < faults.refuse:
            self._error(429, "TooManyRequestsException", "slow down")
            return
        try:
            params = push.pinpoint_params(application_id, body)
            message_id = self.owner.push("pinpoint", params)
        except (Refused, ValueError) as refusal:
            self.owner.refused.append(str(refusal))
            self._error(400, "BadRequestException", str(refusal))
            return
        if faults.chance.random() < faults.lose_answer:
            self.close_connection = True
            return
        self._answer(200, push.pinpoint_answer(params, message_id))

    def _sns(self, params: dict[str, str], faults: Faults) -> None:
        if faults.chance.random() < faults.refuse:
            self._xml(400, push.sns_error("Throttled", "slow down"))
            return
        try:
            message_id = self.owner.push("sns", params)
        except push.Disabled:
            self._xml(400, push.sns_error("EndpointDisabled", "Endpoint is disabled"))
            return
        except Refused as refusal:
            self.owner.refused.append(str(refusal))
            self._xml(400, push.sns_error("InvalidParameter", str(refusal)))
            return
        if faults.chance.random() < faults.lose_answer:
            self.close_connection = True
            return
        self._xml(200, push.sns_answer(message_id))

    def _xml(self, status: int, content: bytes) -> None:
        self.reply(status, {"Content-Type": "text/xml"}.items(), content)

    def _told(self, tell: Callable[[str, bytes], dict[str, Any]], operation: str, body: bytes) -> None:
        try:
            self._answer(200, tell(operation, body))
        except Refused as refusal:
            self._error(400, "ValidationException", str(refusal))
        except KeyError:
            self._error(400, "ResourceNotFoundException", "no such number")

    def _error(self, status: int, code: str, message: str, **more: str) -> None:
        self._answer(status, {"__type": code, "message": message, **more}, {"x-amzn-ErrorType": code})

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        common = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
        self.reply(status, {**common, **(headers or {})}.items(), json.dumps(body).encode())
