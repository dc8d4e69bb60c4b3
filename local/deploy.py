"""Deploys the CDK app into the emulator with the real CDK CLI, and finds what was deployed.

Synthesised once, then deployed from the assembly: the very templates that go to an AWS account, but for the stage.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.emulator import ACCOUNT, CREDENTIALS, REGION
from local.preflight import ROOT

STAGE = "local"


class DeployFailed(Exception):
    """The CDK CLI failed; the message holds the end of what it said."""


@dataclass(frozen=True)
class Deployment:
    """What the deployed stacks are called: `tables` maps `<service>.<id of the table>` to the table's name."""

    api: str
    bus: str
    lake: str
    admin_key: str
    feedback_topic: str
    anchors: str
    inbound_topic: str
    tables: dict[str, str]


class Aws:
    """boto3 clients of the emulator."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._clients: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        """The client of a service, made once."""
        if service not in self._clients:
            import boto3
            from botocore.config import Config

            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
                config=Config(retries={"mode": "standard", "total_max_attempts": 4}, max_pool_connections=32),
            )
        return self._clients[service]


class Cdk:
    """One run of the CDK CLI, under way from now on; `end` kills it."""

    def __init__(self, arguments: list[str], state: Path, emulator_url: str) -> None:
        self._verb = arguments[0]
        self._log = state / "logs" / f"cdk-{self._verb}.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [ROOT / "node_modules" / ".bin" / "cdk", *arguments],
                cwd=ROOT,
                env=_environment(emulator_url),
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

    def finish(self) -> None:
        """Wait for it.

        Raises:
            DeployFailed: it failed.
        """
        try:
            status = self._process.wait()
        finally:
            self.end()
        if status:
            tail = self._log.read_text(errors="replace")[-3000:]
            raise DeployFailed(f"`cdk {self._verb}` failed (the whole log: {self._log}):\n{tail}")

    def end(self) -> None:
        """Whatever it is doing; nothing if it has ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def synthesise(state: Path, emulator_url: str) -> Path:
    """Build the bundles and the templates of the local stage; the assembly's folder.

    Raises:
        DeployFailed: the app does not synthesise.
    """
    assembly = state / "cdk.out"
    context = [f"stage={STAGE}", f"emulator_url={emulator_url}"]
    flags = [flag for pair in context for flag in ("-c", pair)]
    app = f"{sys.executable} app.py"
    Cdk(["synth", "--quiet", "--app", app, "-o", str(assembly), *flags], state, emulator_url).finish()
    return assembly


def begin_bootstrap(state: Path, emulator_url: str) -> Cdk:
    """Prepare the account as `cdk bootstrap` does; that needs no app."""
    environment = f"aws://{ACCOUNT}/{REGION}"
    return Cdk(["bootstrap", environment, "--app", "", "--output", str(state)], state, emulator_url)


def deploy(assembly: Path, state: Path, emulator_url: str, stacks: Sequence[str] = ()) -> None:
    """Deploy all stacks, or only `stacks`.

    Raises:
        DeployFailed: a stack does not deploy.
    """
    which = [*stacks, "--exclusively"] if stacks else ["--all"]
    how = ["--require-approval", "never", "--concurrency", "4", "--method", "direct"]
    Cdk(["deploy", "--app", str(assembly), *which, *how], state, emulator_url).finish()


def _environment(emulator_url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept,
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": emulator_url,
        "AWS_ENDPOINT_URL_S3": emulator_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": REGION,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        # What it finds would only be warned of, here of templates that no account gets; it takes half of a synthesis.
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        "CI": "true",
        "NO_COLOR": "1",
    }


def let_browsers_ask(aws: Aws, assembly: Path) -> None:
    """Give the HTTP API once more what its template says of CORS. Out of a template the emulator keeps it in a spelling
    that it does not read: it would answer 403 to every preflight, which never reaches a route."""
    (template,) = (json.loads(p.read_text()) for p in assembly.glob(f"halte-{STAGE}-platform.template.json"))
    (api,) = (r for r in template["Resources"].values() if r["Type"] == "AWS::ApiGatewayV2::Api")
    api_id = aws("ssm").get_parameter(Name=f"/halte/{STAGE}/api-id")["Parameter"]["Value"]
    aws("apigatewayv2").update_api(ApiId=api_id, CorsConfiguration=api["Properties"]["CorsConfiguration"])


def find(aws: Aws) -> Deployment:
    """What the stacks announced in SSM and in their outputs."""
    topics = ("feedback-topic-arn", "inbound-topic-arn")
    names = ("api-url", "bus-name", "lake-bucket", "admin-key-secret-arn", "anchor-bucket", *topics)
    answer = aws("ssm").get_parameters(Names=[f"/halte/{STAGE}/{name}" for name in names])
    found = {p["Name"].rpartition("/")[2]: p["Value"] for p in answer["Parameters"]}
    secret = aws("secretsmanager").get_secret_value(SecretId=found["admin-key-secret-arn"])
    return Deployment(
        api=found["api-url"],
        bus=found["bus-name"],
        lake=found["lake-bucket"],
        admin_key=secret["SecretString"],
        feedback_topic=found["feedback-topic-arn"],
        anchors=found["anchor-bucket"],
        inbound_topic=found["inbound-topic-arn"],
        tables=_tables(aws),
    )


def _tables(aws: Aws) -> dict[str, str]:
    tables: dict[str, str] = {}
    for page in aws("cloudformation").get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            service = stack["StackName"].removeprefix(f"halte-{STAGE}-")
            for output in stack.get("Outputs", []):
                if output["OutputKey"].endswith("Table"):
                    tables[f"{service}.{output['OutputKey'].removesuffix('Table')}"] = output["OutputValue"]
    return tables


def stacks_of(assembly: Path) -> list[str]:
    """The names of the assembly's stacks."""
    manifest = json.loads((assembly / "manifest.json").read_text())
    return sorted(
        name for name, a in manifest["artifacts"].items() if a["type"] == "aws:cloudformation:stack"
    )
