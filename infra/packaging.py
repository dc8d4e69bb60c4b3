"""Function bundles without Docker: locked wheels for the target, the service, and the kernel; nothing else.

A bundle's folder is named by a digest of all that goes into it, so an unchanged service is not rebuilt, and a change
of the kernel redeploys every service.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.environment import Environment

ROOT = Path(__file__).parents[1]
BUNDLES = ROOT / ".halte" / "bundles"
KEPT = 6
"""Bundles of a dependency group that stay on disk."""

DIGEST = 16
"""Hexadecimal digits that tell bundles of a group apart."""

_UNREAD = ("babel/locale-data",)
"""What wheels bring and nothing here reads: of python-liquid's, half of delivery's bundle."""

_LOCAL_ONLY = ("local/__init__.py", "local/virtual_clock.py")


def bundle(service: str, environment: Environment, group: str = "") -> Path:
    """The folder that becomes the service's zip: `services/__init__.py`, the kernel, the service and its wheels,
    under the same import paths as in the repository. `group` names the dependency group of the wheels where it is
    not the service's own: few functions carry what is heavy.

    Raises:
        subprocess.CalledProcessError: uv can't resolve a wheel for the target.
    """
    group = group or service
    sources = _sources(service, environment)
    target = BUNDLES / f"{group}-{_digest(group, environment, sources)}"
    if target.exists():
        return target
    building = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    _install_wheels(group, environment, building)
    for source in sources:
        copy = building / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    _compile(environment, building)
    try:
        building.rename(target)
    except OSError:  # another process built the same bundle in the meantime
        shutil.rmtree(building)
    _forget_old(group)
    return target


def _forget_old(group: str) -> None:
    """Keep the newest few: the last stages deployed, and the one before."""
    bundles = sorted(
        BUNDLES.glob(f"{group}-{'[0-9a-f]' * DIGEST}"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    for old in bundles[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _sources(service: str, environment: Environment) -> list[Path]:
    folders = (ROOT / "services" / "shared", ROOT / "services" / service)
    found = [ROOT / "services" / "__init__.py"]
    for folder in folders:
        found += sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    if environment.is_local:
        found += [ROOT / name for name in _LOCAL_ONLY]
    return found


def _digest(group: str, environment: Environment, sources: list[Path]) -> str:
    digest = hashlib.sha256(f"{group} {environment.python} {environment.platform}".encode())
    digest.update((ROOT / "uv.lock").read_bytes() + Path(__file__).read_bytes())
    for source in sources:
        digest.update(str(source.relative_to(ROOT)).encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:DIGEST]


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    return str(beside) if beside.exists() else "uv"


def _install_wheels(group: str, environment: Environment, target: Path) -> None:
    requirements = target / "requirements.txt"
    subprocess.run(
        [
            _uv(),
            "export",
            "--quiet",
            "--frozen",
            "--only-group",
            group,
            "--no-emit-project",
            "-o",
            requirements,
        ],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    platform = ["--python-platform", environment.platform] if environment.platform else []
    subprocess.run(
        [
            *(_uv(), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
            *platform,
            *("--python-version", environment.python, "--link-mode", "copy", "--no-compile-bytecode"),
            *("--target", target, "-r", requirements),
        ],
        cwd=ROOT,
        check=True,
    )
    requirements.unlink()
    for leftover in (".lock", "bin", *_UNREAD):
        path = target / leftover
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _compile(environment: Environment, target: Path) -> None:
    """Ship bytecode where this interpreter is the target's: without it a cold start takes twice as long."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" != environment.python:
        return
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash", "."],
        cwd=target,
        check=True,
    )
