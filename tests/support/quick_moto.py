"""Shortcuts through the SDK and moto, most of all for reading and writing DynamoDB items.

Of the five milliseconds that such a call takes, one is spent on the item; the others on a signature and a user agent
that nobody reads, a web request built of the SDK's, and an answer put together member by member by a model that the
SDK takes it apart by. All other operations and services go the whole way; there it is only that the same question is
answered once. What is refused goes the whole way too, for the errors that callers are to see.
"""

from __future__ import annotations

import base64
import copy
import itertools
import json
import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from types import FunctionType, SimpleNamespace
from typing import Any

import boto3
import jsonpath_ng.ext
from botocore import utils, xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.hooks import EventAliaser
from botocore.loaders import JSONFileLoader, Loader
from botocore.model import OperationModel
from botocore.session import Session
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString
from moto import backend_index
from moto.core import DEFAULT_ACCOUNT_ID, models, responses
from moto.core.base_backend import BaseBackend
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse
from moto.core.exceptions import HTTPException, ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.dynamodb.models.utilities import DynamoJsonEncoder
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler
from moto.sqs import models as sqs_models

from tests.support import quick_items
from tests.support.moto_repairs import ONE_AT_A_TIME, repair
from tests.support.quick_items import once

_OF_ITEMS = {"GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem"}
_ITEMS = {*_OF_ITEMS, "CreateTable", "BatchWriteItem", "TransactWriteItems"}
_ASKED = {
    "dynamodb",
    "dynamodbstreams",
    "events",
    "kms",
    "s3",
    "secretsmanager",
    "sesv2",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
}
"""Services whose addresses are looked for first; moto goes through those of all."""
_OF_STREAMS = {"DescribeStream", "GetShardIterator", "GetRecords"}
_DONE = SimpleNamespace(status_code=200, headers={}, content=b"")
_ITEMS_SENT: dict[str, tuple[type[BaseResponse], str]] = {
    **{f"before-send.dynamodb.{name}": (DynamoHandler, name) for name in _ITEMS},
    "before-send.dynamodb-streams.GetRecords": (DynamoDBStreamsHandler, "GetRecords"),
}
_TIMES = {"ApproximateCreationDateTime", "CreationRequestDateTime"}
_REQUESTS = itertools.count()
_UNSIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, Signature=0"


def install() -> None:
    """For the whole life of this process."""
    repair()
    whole_way, sign = BotocoreStubber.__call__, RequestSigner.handler

    def answer(
        self: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **more: Any
    ) -> AWSResponse | None:
        with ONE_AT_A_TIME:
            if event_name in _ITEMS_SENT and self.enabled:
                region = request.url.partition(".amazonaws.")[0].rpartition(".")[2]
                said = _answer(*_ITEMS_SENT[event_name], region, request.headers, request.body)
                if said is not None:
                    return AWSResponse(request.url, 200, {}, MockRawResponse(_as_text(said)))
            return whole_way(self, event_name, request, **more)

    def at_once(
        model: OperationModel, params: dict[str, Any], context: dict[str, Any], **_: Any
    ) -> tuple[Any, dict[str, Any]] | None:
        """As the client's own call is about to be made: of this no request is built."""
        unchanged = BotocoreStubber.__call__ is answer and models.botocore_stubber.enabled
        if not unchanged or model.name not in _ITEMS | _OF_STREAMS:
            return None
        handler = DynamoDBStreamsHandler if model.name in _OF_STREAMS else DynamoHandler
        with ONE_AT_A_TIME:
            said = _answer(handler, model.name, context["client_region"], {}, params["body"])
            parsed = None if said is None else _as_parsed(model, said)
        return None if parsed is None else (_DONE, {**parsed, "ResponseMetadata": {"HTTPStatusCode": 200}})

    def handler(self: RequestSigner, operation_name: str, request: AWSRequest, **more: Any) -> Any:
        framed = self.signing_name == "s3" and request.data  # there the signer frames the body, too
        if framed or not models.botocore_stubber.enabled:
            return sign(self, operation_name, request, **more)
        request.headers["Authorization"] = _UNSIGNED.format(self.signing_name)
        return None

    BotocoreStubber.__call__ = answer  # type: ignore[method-assign]
    RequestSigner.handler = handler
    UserAgentString.to_string = lambda self: "tests"
    models.RESPONSES_METHODS.clear()  # patterns for the library `requests`, which asks nothing of AWS here
    backend_index.backend_url_patterns.sort(key=lambda one: one[0] not in _ASKED)
    for module, name in (
        (responses, "method_names_from_class"),
        (responses, "camelcase_to_underscores"),
        (sqs_models, "camelcase_to_underscores"),
        (jsonpath_ng.ext, "parse"),  # by the bus, for every event
        (utils, "_parse_timestamp_with_tzinfo"),  # files of one moment have the same
    ):
        setattr(module, name, cache(getattr(module, name)))
    responses.gen_amzn_requestid_long = _numbered  # 52 letters drawn for each
    sqs_models.unix_time_millis = lambda: time.time() * 1000  # asked of each message, twice a look
    BaseBackend.urls = property(_by_class(BaseBackend.urls.fget))  # each request puts them together
    quick_items.install()
    _reuse_clients(at_once)
    _reuse_resources()
    # Every test has a session of its own, which would look for the models of all services, and read them, anew.
    JSONFileLoader.load_file = once(JSONFileLoader.load_file)
    Loader.list_available_services = once(Loader.list_available_services)


def _numbered(headers: dict[str, Any]) -> str:
    headers["x-amzn-requestid"] = f"{next(_REQUESTS):052}"
    return str(headers["x-amzn-requestid"])


def _reuse_clients(at_once: Callable[..., Any]) -> None:
    """Making a client takes as long as five calls. The same one is handed out again, unless somebody has hooked into
    it, or into the session that is to make it with something of their own."""
    made: dict[Any, Any] = {}
    begin, make, listen = boto3.Session.__init__, Session.create_client, EventAliaser.register_last
    equip, equipped = Session._register_builtin_handlers, list[Any]()

    def furnished(self: Session, events: EventAliaser) -> None:
        """With the same hundred handlers as every session."""
        if not equipped:
            equip(self, events)
            equipped.append(copy.copy(self._original_handler))
        self._original_handler = copy.copy(equipped[0])
        self._events = EventAliaser(self._original_handler)

    def create(self: Session, service_name: str, *arguments: Any, **named: Any) -> Any:
        client = make(self, service_name, *arguments, **named)
        if service_name in ("dynamodb", "dynamodbstreams"):
            service = client.meta.service_model.service_id.hyphenize()
            listen(client.meta.events, f"before-call.{service}", at_once)  # behind whatever a test hooks in
            client._resolve_endpoint_ruleset = _by_operation(client._resolve_endpoint_ruleset)
        return client

    def begun(self: boto3.Session, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        self.events.hooks = ()

    def reused(self: Session, service_name: str, *arguments: Any, **named: Any) -> Any:
        hooks = getattr(self.get_component("event_emitter"), "hooks", None)
        if hooks is None or not _alike(hooks):
            return create(self, service_name, *arguments, **named)
        key = _wanted(service_name, *arguments, **named), hooks
        if key not in made or made[key].meta.events.hooks:
            made[key] = create(self, service_name, *arguments, **named)
            made[key].meta.events.hooks = ()
        return made[key]

    boto3.Session.__init__, Session.create_client = begun, reused  # type: ignore[method-assign]
    Session._register_builtin_handlers = furnished
    for name in ("register", "register_first", "register_last"):
        setattr(EventAliaser, name, _hooking(getattr(EventAliaser, name)))


def _reuse_resources() -> None:
    """A resource hooks into its client itself, so that nobody else is given that client."""
    made: dict[Any, Any] = {}
    put_together = boto3.Session.resource

    def resource(self: boto3.Session, *arguments: Any, **named: Any) -> Any:
        hooks = self.events.hooks
        if not _alike(hooks):
            return put_together(self, *arguments, **named)
        key = _wanted(*arguments, **named), hooks
        one, equipped = made.get(key, (None, None))
        if one is None or one.meta.client.meta.events.hooks != equipped:
            one = put_together(self, *arguments, **named)
            made[key] = one, one.meta.client.meta.events.hooks
        return one

    boto3.Session.resource = resource


def _alike(hooks: tuple[tuple[str, Any], ...]) -> bool:
    """Whether another session with these hooks would do the same: anything but a function may remember something."""
    return all(isinstance(hook, FunctionType) for _, hook in hooks)


def _wanted(*arguments: Any, config: Any = None, **named: Any) -> str:
    """All that makes a client what it is, but for hooks."""
    around = sorted(item for item in os.environ.items() if item[0].startswith("AWS_"))
    return repr((arguments, named, config and config._user_provided_options, around))


def _by_operation(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Where a table's operations go does not depend on what is asked."""
    known: dict[str, Any] = {}

    def resolved(model: OperationModel, *arguments: Any) -> Any:
        if model.name not in known:
            known[model.name] = resolve(model, *arguments)
        return known[model.name]

    return resolved


def _hooking(register: Callable[..., None]) -> Callable[..., None]:
    def registered(self: Any, event_name: str, handler: Any, *arguments: Any, **named: Any) -> None:
        self.hooks = (*getattr(self, "hooks", ()), (event_name, handler))
        register(self, event_name, handler, *arguments, **named)

    return registered


def _by_class(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A method that answers the same for all objects of a class."""
    known: dict[type, Any] = {}

    def remembered(self: Any) -> Any:
        if type(self) not in known:
            known[type(self)] = method(self)
        return known[type(self)]

    return remembered


def _answer(
    handler: type[BaseResponse],
    operation: str,
    region: str,
    headers: Mapping[str, str],
    body: bytes,
) -> ActionResult | None:
    """What moto answers; `None` where it refuses."""
    asked: Any = handler()  # type: ignore[call-arg]  # each knows its service's name
    asked.headers, asked.querystring, asked.response_headers = headers, {}, {}
    asked.region, asked.current_account, asked.uri_match = region, DEFAULT_ACCOUNT_ID, {}
    asked.automated_parameter_parsing = True
    asked.params = asked.body = _loaded(body)
    try:
        result: ActionResult = getattr(asked, xform_name(operation))()
    except (ServiceException, HTTPException):
        return None
    return result


def _as_text(answer: ActionResult) -> str:
    return json.dumps(_said(answer), cls=DynamoJsonEncoder)


def _as_parsed(model: OperationModel, answer: ActionResult) -> dict[str, Any]:
    """As the SDK would take the text apart. What is told of items is plain by then."""
    said = _said(answer) if model.name in _OF_ITEMS else _loaded(_as_text(answer))
    for told in _of_a_time(model.name, said):
        for name in _TIMES & told.keys():
            told[name] = utils.parse_timestamp(int(told[name] * 1000) / 1000)  # as precisely as it is told
    return {name: value for name, value in said.items() if name in model.output_shape.members}


def _of_a_time(operation: str, said: dict[str, Any]) -> list[dict[str, Any]]:
    if operation == "GetRecords":
        return [record["dynamodb"] for record in said["Records"]]
    return [said["StreamDescription"]] if operation == "DescribeStream" else []


def _said(answer: ActionResult) -> dict[str, Any]:
    result: Any = answer.result
    return {name: value for name, value in result.items() if value is not None}


def _loaded(text: str | bytes) -> Any:
    """Items with their binary values as bytes."""
    held = b'"B' in text if isinstance(text, bytes) else '"B' in text
    return json.loads(text, object_hook=_binary if held else None)


def _binary(value: dict[str, Any]) -> dict[str, Any]:
    match value:
        case {"B": str(text)} if len(value) == 1:
            return {"B": base64.b64decode(text)}
        case {"BS": list(texts)} if len(value) == 1:
            return {"BS": [base64.b64decode(text) for text in texts]}
    return value
