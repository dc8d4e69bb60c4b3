"""What happens to calls: lost connections and answers, throttling, refusals, half successes, crashes, stalls."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.faults.wire import Act, Call, Crash, Fault, Forward, Where, anywhere


def _said(call: Call, status: int, body: str) -> AWSResponse:
    return AWSResponse(call.request.url, status, {}, _Raw(body.encode()))


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _error(call: Call, code: str, status: int = 400, **more: Any) -> AWSResponse:
    if call.service == "s3":
        return _said(call, status, f"<Error><Code>{code}</Code><Message>no</Message></Error>")
    return _said(call, status, json.dumps({"__type": f"com.amazonaws#{code}", "message": "no", **more}))


def _unreached(call: Call) -> EndpointConnectionError:
    return EndpointConnectionError(endpoint_url=call.request.url)


def _unheard(call: Call) -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url=call.request.url)


def _writes(call: Call) -> bool:
    return call.writes


def _is(*operations: str) -> Where:
    return lambda call: call.operation in operations


def _crash_before(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    raise Crash


def _crash_after(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    forward()
    raise Crash


def _connection_lost(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    raise _unreached(call)


def _answer_lost(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    answer = forward()
    if attempt == 1:
        raise _unheard(call)
    return answer


def _every_answer_lost(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    forward()
    raise _unheard(call)


_THROTTLED = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "sqs": ("RequestThrottled", 400),
    "s3": ("SlowDown", 503),
}


def _throttled(times: int) -> Act:
    def act(call: Call, attempt: int, forward: Forward) -> AWSResponse:
        code, status = _THROTTLED.get(call.service, ("ThrottlingException", 400))
        return forward() if attempt > times else _error(call, code, status)

    return act


_SINGLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem")


def _conflict(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    """Another transaction is at one of the items; of a transaction's, one is too busy besides."""
    if call.operation in _SINGLE_WRITES:
        return _error(call, "TransactionConflictException")
    count = len(call.body["TransactItems"])
    codes = ["TransactionConflict", "ThrottlingError", *["None"] * count][:count]
    reasons = [{"Code": code, "Message": "no"} for code in codes]
    return _error(call, "TransactionCanceledException", CancellationReasons=reasons)


def _mismatch(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    return _error(call, "IdempotentParameterMismatchException")


def _half(rows: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    middle = len(rows) // 2
    return list(rows[:middle]), list(rows[middle:])


def _partial(call: Call, attempt: int, forward: Forward) -> AWSResponse:
    """The service takes the first half of what it is asked, of one thing nothing, and says 200."""
    if attempt > 1:
        return forward()
    if call.operation == "PutEvents":
        return _partial_events(call, forward)
    ((table, asked),) = call.body["RequestItems"].items()
    rows = asked["Keys"] if call.operation == "BatchGetItem" else asked
    taken, left = _half(rows)
    if call.operation == "BatchGetItem":
        rest = {"UnprocessedKeys": {table: {**asked, "Keys": left}}}
        request = {"RequestItems": {table: {**asked, "Keys": taken}}}
        nothing: dict[str, Any] = {"Responses": {table: []}}
    else:
        rest = {"UnprocessedItems": {table: left}}
        request, nothing = {"RequestItems": {table: taken}}, {}
    done = json.loads(forward(request).content) if taken else nothing
    return _said(call, 200, json.dumps({**done, **rest}))


def _partial_events(call: Call, forward: Forward) -> AWSResponse:
    taken, left = _half(call.body["Entries"])
    done = json.loads(forward({"Entries": taken}).content)["Entries"] if taken else []
    refused = [{"ErrorCode": "InternalFailure", "ErrorMessage": "no"} for _ in left]
    answer = {"FailedEntryCount": len(left), "Entries": [*done, *refused]}
    return _said(call, 200, json.dumps(answer))


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("crash before", anywhere, _crash_before),
        Fault("crash after", _writes, _crash_after, everywhere=True),
        Fault("answer lost", _writes, _answer_lost),
        Fault("every answer lost", _writes, _every_answer_lost, everywhere=True),
        Fault("connection lost", anywhere, _connection_lost),
        Fault("throttled twice", _writes, _throttled(2)),
        Fault("throttled", _writes, _throttled(99)),
        Fault("conflict", _is(*_SINGLE_WRITES, "TransactWriteItems"), _conflict, everywhere=True),
        Fault("mismatch", _is("TransactWriteItems"), _mismatch, everywhere=True),
        Fault("partial", _is("BatchGetItem", "BatchWriteItem", "PutEvents"), _partial, everywhere=True),
    )
}


def is_stale_read(call: Call) -> bool:
    """A read that may see the past: of an index, or one that did not ask for consistency."""
    if call.operation == "BatchGetItem":
        return not all(asked.get("ConsistentRead") for asked in call.body["RequestItems"].values())
    return call.operation in ("GetItem", "Query", "Scan") and not call.body.get("ConsistentRead")


def stale(in_the_past: Callable[[], AbstractContextManager[None]]) -> Fault:
    """Every read that may see the past does so."""

    def act(call: Call, attempt: int, forward: Forward) -> AWSResponse:
        with in_the_past():
            return forward()

    return Fault("stale", is_stale_read, act, lasting=True)


def meanwhile(what: Callable[[], None]) -> Fault:
    """A worker stalls before a write; `what` happens, and then it wakes and writes."""

    def act(call: Call, attempt: int, forward: Forward) -> AWSResponse:
        what()
        return forward()

    return Fault("stalled", _writes, act)
