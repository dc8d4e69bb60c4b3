"""Other services' `person` functions, played on the events of the client that invokes them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest

from services.ingest.bootstrap import people as bootstrap
from services.shared.aws.clients import single_attempt_client


class Answering:
    """`answers` by service: what it says each time, or a list of what it says in turn; an exception is a connection
    that fails. `asked` are the questions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: Mapping[str, Any], *, seconds: int) -> None:
        monkeypatch.setenv("PERSON_FUNCTIONS", json.dumps({name: name for name in answers}))
        bootstrap.single_view.cache_clear()
        bootstrap.eraser.cache_clear()
        self.asked: list[dict[str, Any]] = []
        self._answers = {
            name: list(said) if isinstance(said, list) else said for name, said in answers.items()
        }
        events = single_attempt_client("lambda", seconds).meta.events
        events.register("provide-client-params.lambda.Invoke", self._note)
        events.register("before-call.lambda.Invoke", self._answer)

    def _note(self, params: dict[str, Any], **_: Any) -> None:
        self.asked.append({"function": params["FunctionName"], **json.loads(params["Payload"])})

    def _answer(self, params: dict[str, Any], **_: Any) -> Any:
        said = self._answers[params["url_path"].split("/")[-2]]
        answer = said.pop(0) if isinstance(said, list) else said
        if isinstance(answer, Exception):
            raise answer
        response = {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}
        if "errorMessage" in answer:
            response["FunctionError"] = "Unhandled"
        http = type("Http", (), {"status_code": 200, "headers": {}})()
        return http, {**response, "ResponseMetadata": {"HTTPStatusCode": 200}}
