"""The stacks as CloudFormation would make them: synthesised once, references resolved to names of our own."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
REGION = "us-east-1"
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": None,
}
_ARN_SERVICE = {
    "AWS::DynamoDB::Table": "dynamodb:{r}:{a}:table/{n}",
    "AWS::SQS::Queue": "sqs:{r}:{a}:{n}",
    "AWS::SNS::Topic": "sns:{r}:{a}:{n}",
    "AWS::Lambda::Function": "lambda:{r}:{a}:function:{n}",
    "AWS::S3::Bucket": "s3:::{n}",
    "AWS::KMS::Key": "kms:{r}:{a}:key/{n}",
    "AWS::IAM::Role": "iam::{a}:role/{n}",
    "AWS::Events::EventBus": "events:{r}:{a}:event-bus/{n}",
    "AWS::SecretsManager::Secret": "secretsmanager:{r}:{a}:secret:{n}",
    "AWS::StepFunctions::StateMachine": "states:{r}:{a}:stateMachine:{n}",
}
_REF_IS_ARN = {"AWS::SNS::Topic", "AWS::SecretsManager::Secret", "AWS::StepFunctions::StateMachine"}


def synthesise() -> Path:
    """The folder of the templates of an AWS account; synthesised again only when a source of theirs changed.

    Raises:
        subprocess.CalledProcessError: the app doesn't synthesise; its output is on stderr.
    """
    folder = templates_folder()
    with _alone(_made(folder.parent) / "lock"):
        if folder.exists():
            return folder
        with tempfile.TemporaryDirectory(dir=folder.parent) as made:
            _synthesise(Path(made, "out"))
            keep = _made(Path(made) / "keep")
            for template in Path(made, "out").glob("*.template.json"):
                template.rename(keep / template.name)
            keep.rename(folder)
    return folder


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process after the other: what one has made the others find."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _synthesise(folder: Path) -> None:
    done = subprocess.run(
        [
            ROOT / "node_modules/.bin/cdk",
            "synth",
            "-q",
            *("-c", "stage=prod", "-c", "wheels=none"),
            "-o",
            folder,
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"},
    )
    if done.returncode:
        sys.stderr.write(done.stderr)
    done.check_returncode()


def templates_folder() -> Path:
    """Where the templates are kept, as their sources now stand."""
    digest = hashlib.sha256()
    for source in sorted(_sources()):
        digest.update(source.read_bytes())
    return ROOT / ".halte" / "templates" / digest.hexdigest()[:16]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _sources() -> Iterator[Path]:
    yield from (ROOT / "infra").rglob("*.py")
    yield from (ROOT / "services" / "shared" / "contracts").rglob("*.py")
    yield from (ROOT / "app.py", ROOT / "cdk.json")
    yield from (ROOT / "benchmarks").glob("*.json")  # what simulations are charged


@dataclass(frozen=True)
class Resource:
    """One resource with its references resolved; `name` is its physical name here."""

    stack: str
    logical_id: str
    type: str
    name: str
    properties: Mapping[str, Any]

    @property
    def arn(self) -> str:
        """Its ARN."""
        return _arn(self.type, self.name)

    @property
    def service(self) -> str:
        """The last part of its stack's name: `halte-local-scoring` gives `scoring`."""
        return self.stack.rsplit("-", 1)[-1]


def _arn(type_: str, name: str) -> str:
    pattern = _ARN_SERVICE.get(type_, type_.split("::")[1].lower() + ":{r}:{a}:{n}")
    return "arn:aws:" + pattern.format(r=REGION, a=ACCOUNT, n=name)


class Templates:
    """All stacks of a folder that `cdk synth` wrote."""

    def __init__(self, folder: Path) -> None:
        self._stacks: dict[str, dict[str, Any]] = {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())
            for path in sorted(folder.glob("*.template.json"))
        }
        self._announced = {
            one["Properties"]["Name"]: (stack, one["Properties"]["Value"])
            for stack, template in self._stacks.items()
            for one in template["Resources"].values()
            if one["Type"] == "AWS::SSM::Parameter"
        }
        self._resolved: dict[tuple[str, ...], list[Resource]] = {}  # each road opened asks for the same

    def resources(self, *types: str) -> list[Resource]:
        """Every resource of the given types, in all stacks."""
        if types not in self._resolved:
            self._resolved[types] = [
                Resource(
                    stack,
                    logical_id,
                    one["Type"],
                    self._name(stack, logical_id),
                    self._value(stack, one["Properties"]),
                )
                for stack, template in self._stacks.items()
                for logical_id, one in template["Resources"].items()
                if one["Type"] in types
            ]
        return self._resolved[types]

    def parameter(self, name: str) -> str:
        """The value of an SSM parameter that some stack announces.

        Raises:
            KeyError: none does.
        """
        if name not in self._announced:
            raise KeyError(f"no stack announces {name}")
        return str(self._value(*self._announced[name]))

    def _name(self, stack: str, logical_id: str) -> str:
        one = self._stacks[stack]["Resources"][logical_id]
        if one["Type"] == "AWS::S3::Bucket":
            return f"{stack}-{logical_id}".lower()[:63]
        return f"{stack}-{logical_id}"

    def _value(self, stack: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._value(stack, one) for one in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._intrinsic(stack, name, argument)
        return {key: self._value(stack, one) for key, one in value.items()}

    def _intrinsic(self, stack: str, name: str, argument: Any) -> Any:
        if name == "Ref":
            return self._ref(stack, argument)
        if name == "Fn::GetAtt":
            return self._attribute(
                stack, *(argument if isinstance(argument, list) else argument.split(".", 1))
            )
        if name == "Fn::Sub":
            return self._sub(stack, argument)
        arguments = self._value(stack, argument)
        if name == "Fn::Join":
            return arguments[0].join(str(part) for part in arguments[1])
        if name == "Fn::Select":
            return arguments[1][int(arguments[0])]
        if name == "Fn::Split":
            return arguments[1].split(arguments[0])
        if name == "Fn::Base64":
            return base64.b64encode(arguments.encode()).decode()
        raise NotImplementedError(f"{name} in {stack}")

    def _ref(self, stack: str, name: str) -> Any:
        if name in _PSEUDO:
            return _PSEUDO[name]
        template = self._stacks[stack]
        if name in template["Resources"]:
            return self._reference_of(stack, name)
        if name in ("AWS::StackName", "AWS::StackId"):
            return stack
        parameter = template["Parameters"][name]
        if parameter["Type"].startswith("AWS::SSM::Parameter::Value"):
            given = parameter["Default"]
            return given if given.startswith("/cdk-bootstrap/") else self.parameter(given)
        return parameter.get("Default")

    def _reference_of(self, stack: str, logical_id: str) -> str:
        type_, name = self._stacks[stack]["Resources"][logical_id]["Type"], self._name(stack, logical_id)
        if type_ == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
        return _arn(type_, name) if type_ in _REF_IS_ARN else name

    def _attribute(self, stack: str, logical_id: str, attribute: str) -> str:
        type_, name = self._stacks[stack]["Resources"][logical_id]["Type"], self._name(stack, logical_id)
        if attribute == "Arn":
            return _arn(type_, name)
        if attribute == "StreamArn":
            return f"{_arn(type_, name)}/stream/1"
        return name if attribute in ("QueueName", "TopicName", "Name") else f"{name}.{attribute}"

    def _sub(self, stack: str, argument: Any) -> str:
        text, given = argument if isinstance(argument, list) else (argument, {})
        values = {key: self._value(stack, one) for key, one in given.items()}

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name in values:
                return str(values[name])
            if "." in name:
                return self._attribute(stack, *name.split(".", 1))
            return str(self._ref(stack, name))

        return re.sub(r"\$\{([^!}]+)\}", replace, text)
