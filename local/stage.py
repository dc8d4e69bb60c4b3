"""Brings everything up: stand-in, emulator, stacks, seeds, observer, recipients; and knows how to take it down."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from halte.marketers import HttpMarketers
from local import deploy, emulator, preflight, schedules, seed, warm_up
from local.gateway import Gateway
from local.outbox import opened_with
from local.recipients import Recipients
from local.replay import Tally
from local.stand_in import StandIn
from local.tap import Tap
from local.virtual_clock import VARIABLE, VirtualClock, set_clock


@dataclass(frozen=True)
class Options:
    """What the command line asks for; `days` are of the log, `speed` is virtual seconds per real second,
    `withdrawals` how many people withdraw at the end."""

    once: bool = False
    customers: int = 20
    days: int = 546
    port: int = 4566
    page_port: int = 8080
    gateway_port: int = 8000
    seed: int = 1
    speed: float = 900_000.0
    withdrawals: int = 20


@dataclass
class Stage:
    """The running parts, once everything is up."""

    options: Options
    clock_file: Path
    clock: VirtualClock
    stand_in: StandIn
    emulator: emulator.Emulator
    aws: deploy.Aws
    found: deploy.Deployment
    gateway: Gateway
    write_key: str
    tap: Tap
    player: schedules.Player
    recipients: Recipients
    tally: Tally = field(default_factory=Tally)
    slowed_seconds: float = 0.0

    @property
    def marketers_api(self) -> HttpMarketers:
        """The API with the key that the stacks made."""
        return HttpMarketers(self.found.api, self.found.admin_key)

    def keep_real_time(self) -> None:
        """From now on the system's clock is the machine's: whoever sends it something does so now."""
        now = datetime.now(UTC)
        set_clock(self.clock_file, now, 1.0, now.timestamp())


def set_up(options: Options, first: datetime, step: Callable[[str], None], cleanup: ExitStack) -> Stage:
    """Everything up, with the clock standing two days before `first`; `cleanup` takes it down again.

    Raises:
        EmulatorFailed, DeployFailed, Refused: with what was said.
    """
    state = preflight.STATE
    state.mkdir(exist_ok=True)
    clock_file = state / "clock.json"
    set_clock(clock_file, first - timedelta(days=2), options.speed, None)
    stand_in = StandIn()
    stand_in.start()
    cleanup.callback(stand_in.stop)
    running = _emulator(options, state, stand_in, clock_file, step, cleanup)
    aws = deploy.Aws(running.url)
    _deploy(state, aws, step, cleanup)
    scheduled = schedules.take_over(aws("events"))
    found = deploy.find(aws)
    step("Seeding by the marketers' API")
    write_key = seed.seed(HttpMarketers(found.api, found.admin_key))
    step("Warming up")
    warm_up.warm_up(aws("lambda"), found.api)
    outbox = opened_with(found.admin_key, lambda: stand_in.accepted)
    gateway = Gateway(found.api, preflight.free_port(options.gateway_port), outbox)
    gateway.start()
    cleanup.callback(gateway.stop)
    clock = VirtualClock(clock_file)
    stage = Stage(
        options=options,
        clock_file=clock_file,
        clock=clock,
        stand_in=stand_in,
        emulator=running,
        aws=aws,
        found=found,
        gateway=gateway,
        write_key=write_key,
        tap=Tap(aws, found.bus),
        player=schedules.Player(scheduled, clock, aws("lambda")),
        recipients=Recipients(
            clock,
            options.seed,
            publish=_publisher(aws, found.feedback_topic),
            answer=_publisher(aws, found.inbound_topic),
        ),
    )
    _start(stage, cleanup)
    return stage


def _emulator(
    options: Options,
    state: Path,
    stand_in: StandIn,
    clock_file: Path,
    step: Callable[[str], None],
    cleanup: ExitStack,
) -> emulator.Emulator:
    step("Installing and starting the AWS emulator")
    environment = {
        "AWS_ENDPOINT_URL_SESV2": stand_in.url,
        "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2": stand_in.url,
        "AWS_ENDPOINT_URL_PINPOINT": stand_in.url,
        "AWS_ENDPOINT_URL_SNS": stand_in.url,
        VARIABLE: str(clock_file),
    }
    running = emulator.Emulator(state, preflight.free_port(options.port), environment)
    cleanup.callback(running.stop)
    running.start(emulator.install(state))
    return running


def _deploy(state: Path, aws: deploy.Aws, step: Callable[[str], None], cleanup: ExitStack) -> None:
    step("Synthesising the CDK app and its bundles")
    bootstrapping = deploy.begin_bootstrap(state, aws.endpoint)
    cleanup.callback(bootstrapping.end)
    assembly = deploy.synthesise(state, aws.endpoint)
    bootstrapping.finish()
    step(f"Deploying {len(deploy.stacks_of(assembly))} stacks with the CDK CLI")
    deploy.deploy(assembly, state, aws.endpoint)
    deploy.let_browsers_ask(aws, assembly)


def _publisher(aws: deploy.Aws, topic: str) -> Callable[[dict[str, Any]], None]:
    sns = aws("sns")
    return lambda event: sns.publish(TopicArn=topic, Message=json.dumps(event))


def _start(stage: Stage, cleanup: ExitStack) -> None:
    stage.stand_in.on_accept = stage.recipients.receive
    for part in (stage.recipients, stage.tap, stage.player):
        part.start()
        cleanup.callback(part.stop)
