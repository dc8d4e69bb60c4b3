"""Lambda functions as processes of their own: each has its own copy of what keeps something for the life of a process
(its service's handlers and bootstraps), and its own environment.

The modules below those keep nothing but pure results, and the import rules forbid them to know what is above: all
processes share them, since building a service's models takes most of a cold start.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import services

_BASE_ENV = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "PATH": os.environ.get("PATH", ""),
}


class LogSink(io.StringIO):
    """Where handlers' log lines go: counts bytes, keeps the last lines for whoever debugs a test."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self.tail: list[str] = []

    def write(self, text: str) -> int:
        """Take one piece of output."""
        self.size += len(text.encode())
        self.tail = [*self.tail[-200:], text]
        return len(text)


LOG = LogSink()
"""One for the whole process: a logger keeps the stream it was made with."""


@dataclass(frozen=True)
class Function:
    """A Lambda function of the templates. `memory` in MB."""

    name: str
    arn: str
    service: str
    module: str
    memory: int
    timeout_seconds: int
    env: Mapping[str, str]

    @property
    def title(self) -> str:
        """Service and handler: `scoring.on_profiles_changed`."""
        return f"{self.service}.{self.module.rsplit('.', 1)[-1]}"


@dataclass
class Context:
    """What Lambda hands a handler beside the event."""

    function: Function
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    @property
    def function_name(self) -> str:
        """The function's name."""
        return self.function.name

    @property
    def invoked_function_arn(self) -> str:
        """Its ARN."""
        return self.function.arn

    @property
    def memory_limit_in_mb(self) -> int:
        """Its memory."""
        return self.function.memory

    def get_remaining_time_in_millis(self) -> int:
        """The whole timeout: a road's invocations are short."""
        return self.function.timeout_seconds * 1000


@dataclass
class Process:
    """A function that is loaded at its first call and keeps its modules from then on."""

    function: Function
    _modules: dict[str, ModuleType] = field(default_factory=dict)

    def call(self, event: Any) -> Any:
        """One invocation.

        Raises:
            Exception: whatever the handler raises.
        """
        with self._inside():
            module = importlib.import_module(self.function.module)
            return module.handler(event, Context(self.function))

    @contextlib.contextmanager
    def warm(self) -> Iterator[Callable[[Any], Any]]:
        """The handler itself, for many calls in a row: what surrounds a call here is done once."""
        with self._inside():
            module = importlib.import_module(self.function.module)
            yield lambda event: module.handler(event, Context(self.function))

    def load(self) -> None:
        """The cold start: import the handler, so that the first call isn't charged for it."""
        if not self._modules:
            with self._inside():
                importlib.import_module(self.function.module)

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        before_env, hook = dict(os.environ), sys.excepthook
        outside = self._take_out()
        _set_environment({**_BASE_ENV, **self.function.env})
        _put_in_place(self._modules)
        try:
            with contextlib.redirect_stdout(LOG):
                yield
        finally:
            self._modules = self._take_out()
            _put_in_place(outside)
            _set_environment(before_env)
            sys.excepthook = hook  # a handler's logger takes it, and would hide the caller's own errors

    def _take_out(self) -> dict[str, ModuleType]:
        """Take what keeps something out of `sys.modules`, and from where `from services.x import y` finds it."""
        taken = {}
        for name in _keeping(self.function.service):
            module = sys.modules.pop(name, None)
            if module is not None:
                taken[name] = module
                package, _, attribute = name.rpartition(".")
                vars(sys.modules[package]).pop(attribute, None)
        return taken


def _set_environment(wanted: Mapping[str, str]) -> None:
    """Make these the variables there are, touching only those that differ: most never do."""
    there = dict(os.environ)
    for name in there.keys() - wanted.keys():
        del os.environ[name]
    for name, value in wanted.items():
        if there.get(name) != value:
            os.environ[name] = value


def _put_in_place(modules: Mapping[str, ModuleType]) -> None:
    sys.modules.update(modules)
    for name, module in modules.items():
        package, _, attribute = name.rpartition(".")
        setattr(sys.modules[package], attribute, module)


@cache
def _keeping(service: str) -> tuple[str, ...]:
    """The modules of a service that keep something for the life of a process; packages after what is in them."""
    folder = Path(str(services.__file__)).parent / service
    names = [
        *(f"bootstrap.{path.stem}" for path in folder.glob("bootstrap/[!_]*.py")),
        "bootstrap",
        *(f"handlers.{path.stem}" for path in folder.glob("handlers/[!_]*.py")),
        "handlers",
    ]
    return tuple(f"services.{service}.{name}" for name in names)
