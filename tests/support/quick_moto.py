"""Shortcuts through the SDK and moto, most of all for reading and writing DynamoDB items.

Of the five milliseconds that such a call takes, one is spent on the item; the others on a signature and a user agent
that nobody reads, a web request built of the SDK's, and an answer put together member by member by a model that the
SDK takes it apart by. All other operations and services go the whole way; there it is only that the same question is
answered once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import boto3
import jsonpath_ng.ext
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.hooks import EventAliaser
from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString
from moto.core import DEFAULT_ACCOUNT_ID, models, responses
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse
from moto.core.exceptions import HTTPException, ServiceException
from moto.core.parse import JSONParser
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.utilities import DynamoJsonEncoder
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from tests.support.moto_repairs import copying_once

_ITEMS = (
    *("GetItem", "BatchGetItem", "Query", "Scan"),
    *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"),
)
QUICK: dict[str, tuple[type[BaseResponse], str, str]] = {
    **{f"before-send.dynamodb.{name}": (DynamoHandler, "dynamodb", name) for name in _ITEMS},
    "before-send.dynamodb-streams.GetRecords": (DynamoDBStreamsHandler, "dynamodbstreams", "GetRecords"),
}
_UNSIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, Signature=0"


def install() -> None:
    """For the whole life of this process."""
    whole_way, sign = BotocoreStubber.__call__, RequestSigner.handler

    def answer(
        self: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **more: Any
    ) -> AWSResponse | None:
        if event_name in QUICK and self.enabled:
            return _answer(*QUICK[event_name], request)
        return whole_way(self, event_name, request, **more)

    def handler(self: RequestSigner, operation_name: str, request: AWSRequest, **more: Any) -> Any:
        if self.signing_name != "dynamodb":
            return sign(self, operation_name, request, **more)
        request.headers["Authorization"] = _UNSIGNED
        return None

    BotocoreStubber.__call__ = answer  # type: ignore[method-assign]
    RequestSigner.handler = handler
    UserAgentString.to_string = lambda self: "tests"
    dynamodb = DynamoDBBackend
    dynamodb.transact_write_items = copying_once(dynamodb.transact_write_items)  # type: ignore[method-assign]
    models.RESPONSES_METHODS.clear()  # patterns for the library `requests`, which asks nothing of AWS here
    for module, name in (
        (responses, "method_names_from_class"),
        (responses, "camelcase_to_underscores"),
        (jsonpath_ng.ext, "parse"),  # by the bus, for every event
    ):
        setattr(module, name, cache(getattr(module, name)))
    _reuse_clients()
    # Every test has a session of its own, which would look for the models of all services, and read them, anew.
    JSONFileLoader.load_file = _once(JSONFileLoader.load_file)
    Loader.list_available_services = _once(Loader.list_available_services)


def _reuse_clients() -> None:
    """Making a client takes as long as five calls. The same one is handed out again, unless somebody has hooked into
    it, or into the session that is to make it with something of their own: only functions are the same every time."""
    made: dict[Any, Any] = {}
    begin, create = boto3.Session.__init__, Session.create_client

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
    handler: type[BaseResponse], service: str, operation: str, request: AWSPreparedRequest
) -> AWSResponse:
    asked: Any = handler()  # type: ignore[call-arg]  # each knows its service's name
    asked.headers, asked.querystring, asked.response_headers = request.headers, {}, {}
    asked.region = request.url.partition(".amazonaws.")[0].rpartition(".")[2]
    asked.current_account, asked.uri_match = DEFAULT_ACCOUNT_ID, {}
    asked.automated_parameter_parsing = True
    asked.params = asked.body = _parser(service, operation)(
        {"body": request.body, "headers": request.headers}
    )
    try:
        result = getattr(asked, xform_name(operation))().result
    except ServiceException as error:
        status, headers, body = asked.serialized(ActionResult(error))
    except HTTPException as error:
        status, headers, body = error.code, dict(error.get_headers()), error.description
    else:
        status, headers, body = 200, {}, json.dumps(result, cls=DynamoJsonEncoder)
    return AWSResponse(request.url, status, headers, MockRawResponse(body))


@cache
def _parser(service: str, operation: str) -> Callable[[dict[str, Any]], Any]:
    return JSONParser(get_service_model(service).operation_model(operation), map_type=dict).parse
