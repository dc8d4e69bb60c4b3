"""People of a trial's own, at the end of a run: the books are settled, and the whole system stands there at rest.

All is done by the front doors and in real time, whatever the run's clock says.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping

from local.observe import items
from local.recipients import Contents, contents_of
from local.stage import Stage
from local.stand_in import Accepted
from local.visits import confirm
from services.delivery.adapters.dynamo_gates import permission_item
from services.shared.clock import to_iso
from services.shared.contracts.consent import ConfirmationRequested

PURPOSE, TEMPLATE, TEXT, FORM = "newsletter", "offer", "2026-1", "trial@1"
_BATCH = 10
_PATIENCE = 60.0
_LOOK_EVERY = 0.05
"""Each look takes from the machine what it waits for needs."""


def until(what: str, condition: Callable[[], bool], every: float = _LOOK_EVERY) -> None:
    """Wait until something holds, looking `every` so many seconds; `what` that is.

    Raises:
        TimeoutError: it does not, for a minute.
    """
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{_PATIENCE:.0f} s passed, and not yet: {what}")
        time.sleep(every)


class Town:
    """The trial's people, and what is seen of them from outside."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._dynamodb, self._tables = stage.aws("dynamodb"), stage.found.tables

    def permitting(self, addresses: Iterable[str]) -> dict[str, str]:
        """Let addresses sign up and confirm; their keys by address, once delivery's copy holds all permissions."""
        asked = list(addresses)
        for one in asked:
            self.sign_up(one)
        mails = self.mails(asked)
        for mail in mails.values():
            confirm(contents_of(mail).confirm_url)
        found = {address: self._key(mail) for address, mail in mails.items()}
        until(
            "permissions in delivery's copy",
            lambda: {self.copied(key) for key in found.values()} == {"granted"},
        )
        return found

    def _key(self, mail: Accepted) -> str:
        """What the ledger knows the address by that a mail went to."""
        return str(self._message(mail.tags["send_id"])["address_key"]["S"])

    def _message(self, of: str) -> dict[str, dict[str, str]]:
        """Delivery's record of a message, as it is stored; empty where there is none yet."""
        at = {"send_id": {"S": of}}
        answer = self._dynamodb.get_item(
            TableName=self._tables["delivery.Messages"], Key=at, ConsistentRead=True
        )
        return dict(answer.get("Item", {}))

    def copied(self, key: str) -> str:
        """What claims are held against now: the state in delivery's own copy, empty where it has none."""
        at = {name: {"S": value} for name, value in permission_item(key, PURPOSE, "email").items()}
        answer = self._dynamodb.get_item(
            TableName=self._tables["delivery.Gates"], Key=at, ConsistentRead=True
        )
        return str(answer.get("Item", {}).get("state", {}).get("S", ""))

    def ask_for(self, people: Mapping[str, str], which: str) -> None:
        """Ask delivery for a commercial message to each of some addresses (keys by address)."""
        common = {
            "template": TEMPLATE,
            "channels": ["email"],
            "requested_at": to_iso(self._stage.clock.now()),
        }
        requests = [
            {**common, "send_id": send_id(key, which), "address": address} for address, key in people.items()
        ]
        for start in range(0, len(requests), _BATCH):
            entry = {
                "EventBusName": self._stage.found.bus,
                "Source": ConfirmationRequested.source,
                "DetailType": ConfirmationRequested.detail_type,
                "Detail": json.dumps({"requests": requests[start : start + _BATCH]}),
            }
            self._stage.aws("events").put_events(Entries=[entry])

    def end_of(self, key: str, which: str) -> str:
        """What became of a message that was asked for: `sent`, `skipped no_consent` …; waits for it."""
        found: dict[str, str] = {}

        def ended() -> bool:
            item = self._message(send_id(key, which))
            found["end"] = " ".join(item[name]["S"] for name in ("status", "reason") if name in item)
            return found["end"].partition(" ")[0] in ("sent", "skipped", "failed")

        until(f"the end of a message ({which})", ended)
        return found["end"]

    def mails(self, addresses: Iterable[str], number: int = 1) -> dict[str, Accepted]:
        """The last mail to each address; waits until there are so many for each."""
        wanted = set(addresses)

        def had() -> list[Accepted]:
            return [message for message in self._stage.stand_in.accepted if message.to in wanted]

        until("a mail to everybody", lambda: len(had()) >= number * len(wanted))
        return {message.to: message for message in had()}

    def sign_up(self, address: str) -> None:
        """Fill in the form."""
        said = {"purpose": PURPOSE, "channel": "email", "address": address, "text_version": TEXT}
        request = urllib.request.Request(
            f"{self._stage.found.api}/consents/requests",
            data=json.dumps({**said, "language": "en", "form": FORM}).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=30).close()

    def recorded(self, address: str) -> Contents:
        """What stands in the last mail to somebody, once it is in the ledger that the one that asked them left."""
        mail = self.mails([address])[address]
        asked = (self._key(mail), "mailed")
        until(
            "the entry of the mail that asks",
            lambda: asked in {(item.get("address_key"), item.get("kind")) for item in self.ledger()},
        )
        return contents_of(mail)

    def ledger(self) -> list[dict[str, object]]:
        """Every item of the ledger and of its evidence."""
        tables = (self._tables["consent.Ledger"], self._tables["consent.Evidence"])
        return [item for table in tables for item in items(self._dynamodb, table)]


def send_id(key: str, which: str) -> str:
    """The message to an address that `which` is the name of."""
    return f"snd_trial_{which}_{key}"
