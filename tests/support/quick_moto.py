"""Shortcuts through the SDK and moto, most of all for reading and writing DynamoDB items.

Of the five milliseconds that such a call takes, one is spent on the item; the others on a signature and a user agent
that nobody reads, a web request built of the SDK's, and an answer put together member by member by a model that the
SDK takes it apart by. All other operations and services go the whole way; there it is only that the same question is
answered once. What is refused goes the whole way too, for the errors that callers are to see.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from types import FunctionType, SimpleNamespace
from typing import Any

import boto3
import jsonpath_ng.ext
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.hooks import EventAliaser
from botocore.loaders import JSONFileLoader, Loader
from botocore.model import OperationModel
from botocore.session import Session
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString
from moto.core import DEFAULT_ACCOUNT_ID, models, responses
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse
from moto.core.exceptions import HTTPException, ServiceException
from moto.core.responses import BaseResponse
from moto.dynamodb.models.utilities import DynamoJsonEncoder
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from tests.support.moto_repairs import ONE_AT_A_TIME, repair

_ITEMS = {
    *("GetItem", "BatchGetItem", "Query", "Scan"),
    *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"),
}
_DONE = SimpleNamespace(status_code=200, headers={}, content=b"")
_ITEMS_SENT: dict[str, tuple[type[BaseResponse], str, str]] = {
    **{f"before-send.dynamodb.{name}": (DynamoHandler, "dynamodb", name) for name in _ITEMS},
    "before-send.dynamodb-streams.GetRecords": (DynamoDBStreamsHandler, "dynamodbstreams", "GetRecords"),
}
_UNSIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, Signature=0"


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
                text = _answer(*_ITEMS_SENT[event_name], region, request.headers, request.body)
                if text is not None:
                    return AWSResponse(request.url, 200, {}, MockRawResponse(text))
            return whole_way(self, event_name, request, **more)

    def at_once(
        model: OperationModel, params: dict[str, Any], context: dict[str, Any], **_: Any
    ) -> tuple[Any, dict[str, Any]] | None:
        """As the client's own call is about to be made: of this no request is built."""
        unchanged = BotocoreStubber.__call__ is answer and models.botocore_stubber.enabled
        if not unchanged or model.name not in _ITEMS:
            return None
        with ONE_AT_A_TIME:
            text = _answer(
                DynamoHandler, "dynamodb", model.name, context["client_region"], {}, params["body"]
            )
        return (
            None if text is None else (_DONE, {**_loaded(text), "ResponseMetadata": {"HTTPStatusCode": 200}})
        )

    def handler(self: RequestSigner, operation_name: str, request: AWSRequest, **more: Any) -> Any:
        if self.signing_name != "dynamodb":
            return sign(self, operation_name, request, **more)
        request.headers["Authorization"] = _UNSIGNED
        return None

    BotocoreStubber.__call__ = answer  # type: ignore[method-assign]
    RequestSigner.handler = handler
    UserAgentString.to_string = lambda self: "tests"
    models.RESPONSES_METHODS.clear()  # patterns for the library `requests`, which asks nothing of AWS here
    for module, name in (
        (responses, "method_names_from_class"),
        (responses, "camelcase_to_underscores"),
        (jsonpath_ng.ext, "parse"),  # by the bus, for every event
        (UpdateExpressionParser, "make"),  # who changes what it gives copies it first
    ):
        setattr(module, name, cache(getattr(module, name)))
    _reuse_clients(at_once)
    # Every test has a session of its own, which would look for the models of all services, and read them, anew.
    JSONFileLoader.load_file = _once(JSONFileLoader.load_file)
    Loader.list_available_services = _once(Loader.list_available_services)


def _reuse_clients(at_once: Callable[..., Any]) -> None:
    """Making a client takes as long as five calls. The same one is handed out again, unless somebody has hooked into
    it, or into the session that is to make it with something of their own: only functions are the same every time."""
    made: dict[Any, Any] = {}
    begin, make, listen = boto3.Session.__init__, Session.create_client, EventAliaser.register_last

    def create(self: Session, service_name: str, *arguments: Any, **named: Any) -> Any:
        client = make(self, service_name, *arguments, **named)
        if service_name == "dynamodb":
            listen(client.meta.events, "before-call.dynamodb", at_once)  # behind whatever a test hooks in
            client._resolve_endpoint_ruleset = _by_operation(client._resolve_endpoint_ruleset)
        return client

    def begun(self: boto3.Session, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        self.events.hooks = ()

    def reused(self: Session, service_name: str, *arguments: Any, **named: Any) -> Any:
        hooks = getattr(self.get_component("event_emitter"), "hooks", None)
        if hooks is None or not all(isinstance(hook, FunctionType) for _, hook in hooks):
            return create(self, service_name, *arguments, **named)
        config = named.get("config")
        options = {**named, "config": config and config._user_provided_options}
        around = sorted(item for item in os.environ.items() if item[0].startswith("AWS_"))
        key = repr((service_name, arguments, options, around)), hooks
        if key not in made or made[key].meta.events.hooks:
            made[key] = create(self, service_name, *arguments, **named)
            made[key].meta.events.hooks = ()
        return made[key]

    boto3.Session.__init__, Session.create_client = begun, reused  # type: ignore[method-assign]
    for name in ("register", "register_first", "register_last"):
        setattr(EventAliaser, name, _hooking(getattr(EventAliaser, name)))


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


def _once(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that answers the same whichever object it is asked of."""
    known: dict[Any, Any] = {}

    def remembered(self: Any, *arguments: str, **named: str) -> Any:
        key = arguments, *named.items()
        if key not in known:
            known[key] = method(self, *arguments, **named)
        return known[key]

    return remembered


def _answer(
    handler: type[BaseResponse],
    service: str,
    operation: str,
    region: str,
    headers: Mapping[str, str],
    body: bytes,
) -> str | None:
    """What moto answers, as JSON; `None` where it refuses."""
    asked: Any = handler()  # type: ignore[call-arg]  # each knows its service's name
    asked.headers, asked.querystring, asked.response_headers = headers, {}, {}
    asked.region, asked.current_account, asked.uri_match = region, DEFAULT_ACCOUNT_ID, {}
    asked.automated_parameter_parsing = True
    asked.params = asked.body = _loaded(body)
    try:
        result = getattr(asked, xform_name(operation))().result
    except (ServiceException, HTTPException):
        return None
    return json.dumps(
        {name: value for name, value in result.items() if value is not None}, cls=DynamoJsonEncoder
    )


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
