"""Where a deployment goes, and the few things that differ between places."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal

from aws_cdk import RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from constructs import Node

LAMBDA_PYTHON = "3.13"
LOCAL = "local"
NOT_STATED = "not stated"


@dataclass(frozen=True)
class Controller:
    """Who answers for what people permit, as the receipts of consent name them."""

    name: str = NOT_STATED
    address: str = NOT_STATED
    contact: str = NOT_STATED
    jurisdiction: str = NOT_STATED

    @classmethod
    def from_context(cls, node: Node, from_address: str) -> Controller:
        """Whom `-c controller=…`, `-c controller_address=…`, `-c controller_contact=…` (default: the address that
        messages come from) and `-c jurisdiction=…` name."""
        return cls(
            name=node.try_get_context("controller") or from_address.partition("@")[2],
            address=node.try_get_context("controller_address") or NOT_STATED,
            contact=node.try_get_context("controller_contact") or from_address,
            jurisdiction=node.try_get_context("jurisdiction") or NOT_STATED,
        )

    def settings(self, region: str) -> dict[str, str]:
        """What receipts are made with; `region` is where the data is kept."""
        return {
            "controller": self.name,
            "controller_address": self.address,
            "controller_contact": self.contact,
            "jurisdiction": self.jurisdiction,
            "storage_location": region,
        }


@dataclass(frozen=True)
class Environment:
    """One stage. `local` is the embedded default; any other name is a stage in an AWS account."""

    stage: str
    from_address: str
    sms_origination: str
    controller: Controller = Controller()
    anchor_lock: str = "governance"
    anchor_days: int = 3650
    has_wheels: bool = True

    @classmethod
    def from_context(cls, node: Node) -> Environment:
        """The environment that `cdk -c stage=… -c from_address=…` asks for (default: the local one).

        With `-c wheels=none` functions carry their own code alone: for who looks at templates and deploys none of them.
        `-c anchor_lock=compliance` locks the anchors of the consent ledger against everybody, root included;
        `-c anchor_days=…` says for how long.

        Raises:
            ValueError: the stage's name can't be part of resource names, or there is no such lock.
        """
        stage = node.try_get_context("stage") or LOCAL
        if not (stage.isascii() and stage.isalnum() and stage.islower() and len(stage) <= 12):
            raise ValueError(f"stage {stage!r}: 1 to 12 lower-case letters and digits")
        lock = node.try_get_context("anchor_lock") or cls.anchor_lock
        if lock not in ("governance", "compliance"):
            raise ValueError(f"anchor_lock {lock!r}: governance or compliance")
        from_address = node.try_get_context("from_address") or "hello@example.com"
        return cls(
            stage=stage,
            controller=Controller.from_context(node, from_address),
            anchor_lock=lock,
            has_wheels=node.try_get_context("wheels") != "none",
            anchor_days=int(node.try_get_context("anchor_days") or cls.anchor_days),
            from_address=from_address,
            sms_origination=node.try_get_context("sms_origination") or "+12025550100",
        )

    @property
    def is_local(self) -> bool:
        """Is this the embedded default?"""
        return self.stage == LOCAL

    @property
    def contents(self) -> Literal["zipped", "beside", "code"]:
        """What functions' zips hold: all they run; their own code alone; or a mere note, where the emulator's workers
        find code and wheels on this machine's disk, once. Each of some hundred workers unpacks its function's zip,
        which would take most of a run's time."""
        if not self.has_wheels:
            return "code"
        return "beside" if self.is_local else "zipped"

    @property
    def python(self) -> str:
        """The Python the bundles are built for: the emulator runs the host's, AWS runs the runtime's."""
        return f"{sys.version_info.major}.{sys.version_info.minor}" if self.is_local else LAMBDA_PYTHON

    @property
    def platform(self) -> str | None:
        """The wheel platform the bundles are built for; `None` is the host's. The runtime's Amazon Linux 2023 has
        glibc 2.34; DuckDB's wheels want 2.28."""
        return None if self.is_local else "aarch64-manylinux_2_28"

    @property
    def runtime(self) -> lambda_.Runtime:
        """The Lambda runtime of every function."""
        return lambda_.Runtime.PYTHON_3_13

    @property
    def architecture(self) -> lambda_.Architecture:
        """The processor of every function."""
        return lambda_.Architecture.ARM_64

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What becomes of tables, buckets and logs with their stack: kept in an account, gone on one machine."""
        return RemovalPolicy.DESTROY if self.is_local else RemovalPolicy.RETAIN

    @property
    def clock_factory(self) -> str:
        """The clock that functions load: AWS's own, or the local stage's virtual one."""
        return "local.virtual_clock:from_file" if self.is_local else ""
