"""The stacks of journeys as they are deployed, in the emulator, on a clock that a test moves: from one due time to the
next, and never before everything is at rest."""

from __future__ import annotations

import json
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from halte.marketers import HttpMarketers
from local import deploy, emulator, preflight, schedules
from local.tap import RULE
from local.virtual_clock import VARIABLE, set_clock
from services.journeys.adapters.definitions import FRESH_SECONDS
from services.shared.contracts.base import Fact
from tests.integration.journeys.conformance import Wish

PROGRAM = Path(__file__).with_name("ministack_by_clock.py")
SECOND = timedelta(seconds=1)
LONG = timedelta(days=800)
AT_ONCE = 5
"""People whom one fact is about: twenty facts are a batch, which must be done in two minutes on a busy machine."""

REST_SECONDS = 900.0
"""How long all that one moment sets in motion may take, on a busy machine."""

Entry = dict[str, Any]
"""What the bus carried: `detail-type` and `detail`."""


@dataclass(frozen=True)
class Wanted:
    """What a marketer wants of a journey."""

    journey: str
    wish: Wish


class Stage:
    """Some stacks, deployed; `cleanup` takes everything down again."""

    def __init__(self, cleanup: ExitStack, begin: datetime, *services: str) -> None:
        state = preflight.STATE / "conformance"
        state.mkdir(parents=True, exist_ok=True)
        self._clock_file = state / "clock.json"
        self._set(begin)
        self._control = f"http://127.0.0.1:{preflight.free_port(0)}"
        environment = {
            VARIABLE: str(self._clock_file),
            "HALTE_CONTROL_PORT": self._control.rpartition(":")[2],
            "LAMBDA_WARM_TTL_SECONDS": "900",
        }
        self.emulator = emulator.Emulator(state, preflight.free_port(0), environment, [str(PROGRAM)])
        cleanup.callback(self.emulator.stop)
        self.emulator.start(emulator.install(preflight.STATE))
        self.aws = deploy.Aws(self.emulator.url)
        self._deploy(state, services)
        schedules.take_over(self.aws("events"))
        names = ("api-url", "bus-name", "admin-key-secret-arn")
        url, self._bus, secret = (self._parameter(name) for name in names)
        key = self.aws("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
        self.api = HttpMarketers(url, key)
        self._observe()
        self._raw: dict[str, Mapping[str, Any]] = {}
        self._versions: dict[str, int] = defaultdict(int)

    def begin_at(self, at: datetime) -> None:
        """Before anything has happened the clock may go back."""
        self._set(at)

    def tell(self, stream: Iterable[tuple[datetime, Fact | Wanted]]) -> None:
        """Tell everything at its time: what was due before has happened, and what is due then has not. Of one moment,
        facts of different people are told together, and those of one person one after the other."""
        for now, group in groupby(stream, key=lambda told: told[0]):
            self.run_until(now - SECOND)
            self._set(now)
            told = [one for _, one in group]
            for together in _rounds([one for one in told if isinstance(one, Fact)]):
                self._put(together)
                self.rest()
            if wanted := [one for one in told if isinstance(one, Wanted)]:
                self._grant(wanted)

    def publish(self, raw: Mapping[str, Any]) -> None:
        """The next version of a journey."""
        name = raw["name"]
        self._raw[name] = raw
        self._versions[name] += 1
        self.api.call("PUT", f"/journeys/{name}", {**raw, "title": f"Version {self._versions[name]}"})

    def run_until(self, at: datetime) -> None:
        """Let everything happen that is due until then, one instant after the other."""
        while True:
            upcoming = self.rest()
            if upcoming is None or upcoming > at:
                break
            self._set(max(upcoming, self.now))
            self._ask("/release", {"until": upcoming.isoformat()})
        self._set(max(at, self.now))

    def rest(self) -> datetime | None:
        """Wait until nothing is under way; when the next wait ends."""
        deadline, calm = time.monotonic() + REST_SECONDS, 0
        while time.monotonic() < deadline:
            seen = self._ask("/")
            calm = 0 if seen["under_way"] else calm + 1
            if calm == 2:
                return datetime.fromisoformat(seen["next"]) if seen["next"] else None
            time.sleep(0.02)
        raise AssertionError(f"no rest in {REST_SECONDS:.0f} s: {seen['under_way']}")

    def announced(self) -> list[Entry]:
        """What journeys have told since it was last asked; told twice is told once."""
        sqs, found = self.aws("sqs"), dict[str, Entry]()
        while batch := sqs.receive_message(QueueUrl=self._heard, MaxNumberOfMessages=10).get("Messages", []):
            for message in batch:
                entry = json.loads(message["Body"])
                found |= {json.dumps([entry["detail-type"], row]): entry for row in _rows(entry)}
                sqs.delete_message(QueueUrl=self._heard, ReceiptHandle=message["ReceiptHandle"])
        kinds = ((key, entry["detail-type"], next(iter(entry["detail"]))) for key, entry in found.items())
        return [{"detail-type": kind, "detail": {name: [json.loads(key)[1]]}} for key, kind, name in kinds]

    def plan_deaths(self, seed: int, share: float, most: int) -> None:
        """From now on workers die at a share of their writes, `most` of them in all. Messages that they had are seen
        again after three seconds; in real life that takes minutes."""
        sqs = self.aws("sqs")
        for queue in self.aws("sqs").list_queues()["QueueUrls"]:
            sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "3"})
        self._ask("/deaths", {"seed": seed, "share": share, "most": most})

    def died(self) -> list[str]:
        """Which workers did, and at which write."""
        return list(self._ask("/")["died"])

    def dead_letters(self) -> list[str]:
        """What nobody could work off."""
        return [
            body
            for url, bodies in self.emulator.parked().items()
            if "DeadLetters" in url
            for body in bodies.values()
        ]

    def invoke(self, name: str) -> None:
        """Call a function of a schedule, by a part of its name."""
        lambdas = self.aws("lambda")
        pages = lambdas.get_paginator("list_functions").paginate()
        (found,) = [f["FunctionName"] for p in pages for f in p["Functions"] if name in f["FunctionName"]]
        answer = lambdas.invoke(FunctionName=found, Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()

    def _grant(self, wanted: Iterable[Wanted]) -> None:
        for one in wanted:
            path = f"/journeys/{one.journey}"
            if one.wish == "migrate":
                self.publish(self._raw[one.journey])
                number = self._versions[one.journey]
                self.api.call("POST", f"{path}/migrate", {"from": number - 1, "to": number})
            elif one.wish == "resume":
                self.api.call("POST", f"{path}/resume")
            else:
                self.api.call("POST", f"{path}/pause", {"policy": one.wish})
        time.sleep(FRESH_SECONDS)  # workers believe for that long what they last read of a journey
        self.rest()

    # Plumbing

    def _deploy(self, state: Path, services: Sequence[str]) -> None:
        bootstrapping = deploy.begin_bootstrap(state, self.emulator.url)
        assembly = deploy.synthesise(state, self.emulator.url)
        bootstrapping.finish()
        stacks = [f"halte-{deploy.STAGE}-{service}" for service in services]
        deploy.deploy(assembly, state, self.emulator.url, stacks)

    def _parameter(self, name: str) -> str:
        parameter = self.aws("ssm").get_parameter(Name=f"/halte/{deploy.STAGE}/{name}")
        return str(parameter["Parameter"]["Value"])

    def _observe(self) -> None:
        sqs, events = self.aws("sqs"), self.aws("events")
        self._heard = sqs.create_queue(QueueName=RULE)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._heard, AttributeNames=["QueueArn"])
        pattern = json.dumps({"source": ["halte.journeys"]})
        events.put_rule(Name=RULE, EventBusName=self._bus, EventPattern=pattern)
        targets = [{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}]
        events.put_targets(Rule=RULE, EventBusName=self._bus, Targets=targets)

    def _set(self, at: datetime) -> None:
        self.now = at
        set_clock(self._clock_file, at, 1.0, None)

    def _put(self, facts: Sequence[Fact]) -> None:
        for first in range(0, len(facts), 10):
            entries = [
                {
                    "EventBusName": self._bus,
                    "Source": fact.source,
                    "DetailType": fact.detail_type,
                    "Detail": fact.model_dump_json(),
                }
                for fact in facts[first : first + 10]
            ]
            answer = self.aws("events").put_events(Entries=entries)
            assert not answer["FailedEntryCount"], answer

    def _ask(self, path: str, body: Any = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        path = f"{self._control}{path}"
        with urllib.request.urlopen(path, data=data, timeout=30) as answer:
            return dict(json.loads(answer.read()))


def _rows(entry: Entry) -> list[dict[str, Any]]:
    return list(next(iter(entry["detail"].values())))


def _rounds(facts: Sequence[Fact]) -> Iterator[list[Fact]]:
    """First the first fact of each person, then the second of each; those of one kind together."""
    turns: dict[str, int] = defaultdict(int)
    rounds: dict[int, dict[type[Fact], list[Any]]] = defaultdict(lambda: defaultdict(list))
    for fact in facts:
        ((_, rows),) = dict(fact).items()
        who = _who(rows[0])
        rounds[turns[who]][type(fact)] += rows
        turns[who] += 1
    for _, kinds in sorted(rounds.items()):
        yield [
            kind(**{next(iter(kind.model_fields)): rows[first : first + AT_ONCE]})
            for kind, rows in kinds.items()
            for first in range(0, len(rows), AT_ONCE)
        ]


def _who(row: Any) -> str:
    named = getattr(row, "loser", None) or getattr(row, "profile_id", None)
    return str(named or row.standing.profile_id)
