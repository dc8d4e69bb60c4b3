"""What the providers' own models say of a request."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any


class Refused(Exception):
    """The request is not one the provider would take."""


class Models:
    """botocore's service models: the providers' own definition of a valid request."""

    def __init__(self) -> None:
        from botocore.session import get_session
        from botocore.validate import ParamValidator

        self._session = get_session()
        self._validator = ParamValidator()
        self._lock = threading.Lock()
        self._shapes: dict[tuple[str, str], Any] = {}

    def validated(self, service: str, operation: str, body: bytes) -> dict[str, Any]:
        """The parameters in a JSON body.

        Raises:
            Refused: it can't be read, or breaks the model.
        """
        shape = self._shape(service, operation)
        try:
            params = _decode(shape, json.loads(body))
        except ValueError as error:
            raise Refused(f"body can't be read: {error}") from error
        self.check(service, operation, params)
        return dict(params)

    def check(self, service: str, operation: str, params: Any) -> None:
        """Hold parameters against the model.

        Raises:
            Refused: they break it.
        """
        report = self._validator.validate(params, self._shape(service, operation))
        if report.has_errors():
            raise Refused(report.generate_report())

    def _shape(self, service: str, operation: str) -> Any:
        with self._lock:
            if (service, operation) not in self._shapes:
                model = self._session.get_service_model(service)
                self._shapes[service, operation] = model.operation_model(operation).input_shape
        return self._shapes[service, operation]


def _decode(shape: Any, value: Any) -> Any:
    """The wire's JSON as Python values: the only difference, for these operations, is that blobs are base64."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return {k: _decode(shape.members[k], v) if k in shape.members else v for k, v in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_decode(shape.member, v) for v in value]
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    return value
