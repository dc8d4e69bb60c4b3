"""The marketers' API of a stage, for whatever goes by the front door: commands, and the seeds of the demo."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Protocol

from halte.stores import UnknownStage
from services.shared.aws.clients import client


class Refused(Exception):
    """The API said no; the message is its own."""


class Marketers(Protocol):
    """What is asked of the API."""

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The JSON answer of a request.

        Raises:
            Refused: the answer is an error.
        """
        ...

    def upload(self, url: str, content: bytes) -> None:
        """Put a file where the API said."""
        ...


@dataclass(frozen=True)
class HttpMarketers:
    """`Marketers` over HTTP."""

    url: str
    key: str

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        answer: dict[str, Any] = json.loads(self._send(method, f"{self.url}{path}", data, headers))
        return answer

    def upload(self, url: str, content: bytes) -> None:
        self._send("PUT", url, content, {})

    def _send(self, method: str, url: str, data: bytes | None, headers: dict[str, str]) -> bytes:
        if not url.startswith(("https://", "http://")):
            raise Refused(f"{url.partition('?')[0]} is no web address")
        request = urllib.request.Request(url, method=method, data=data, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:1000]
            raise Refused(f"{method} {url.partition('?')[0]} answered {error.code}: {said}") from error
        except urllib.error.URLError as error:
            raise Refused(f"{method} {url.partition('?')[0]}: {error.reason}") from error


def connect(stage: str, url: str = "") -> Marketers:
    """The API of a stage as it announces itself (or at `url`), with its administrators' key.

    Raises:
        UnknownStage: there is no such stage in this account and region.
    """
    from botocore.exceptions import ClientError

    def announced(name: str) -> str:
        return str(client("ssm").get_parameter(Name=f"/halte/{stage}/{name}")["Parameter"]["Value"])

    try:
        secret = client("secretsmanager").get_secret_value(SecretId=announced("admin-key-secret-arn"))
        return HttpMarketers((url or announced("api-url")).rstrip("/"), str(secret["SecretString"]))
    except ClientError as error:
        raise UnknownStage(f"/halte/{stage}: {error.response['Error']['Message']}") from error
