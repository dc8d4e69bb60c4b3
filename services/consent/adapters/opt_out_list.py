"""End User Messaging's opt-out list."""

from __future__ import annotations

from collections.abc import Iterator

from services.consent.opt_outs import OptedOut
from services.shared.aws.clients import client

PAGE = 100


class EndUserMessagingOptOuts:
    """`OptOutList` on a list by name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._client = client("pinpoint-sms-voice-v2")

    def block(self, number: str) -> None:
        self._client.put_opted_out_number(OptOutListName=self._name, OptedOutNumber=number)

    def allow(self, number: str) -> bool:
        from botocore.exceptions import ClientError

        try:
            self._client.delete_opted_out_number(OptOutListName=self._name, OptedOutNumber=number)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ResourceNotFoundException":
                return True
            if code in ("ConflictException", "ValidationException"):  # once in 30 days, says the provider
                return False
            raise
        return True

    def pages(self) -> Iterator[list[OptedOut]]:
        more: dict[str, str] = {}
        while True:
            answer = self._client.describe_opted_out_numbers(
                OptOutListName=self._name, MaxResults=PAGE, **more
            )
            yield [
                OptedOut(one["OptedOutNumber"], one["OptedOutTimestamp"], bool(one.get("EndUserOptedOut")))
                for one in answer.get("OptedOutNumbers", [])
            ]
            if not answer.get("NextToken"):
                return
            more = {"NextToken": answer["NextToken"]}
