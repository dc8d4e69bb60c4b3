"""Function bundles without Docker: locked wheels for the target, the service, and the kernel; nothing else.

A folder is named by a digest of all that goes into it, so an unchanged service is not rebuilt, and a change of the
kernel redeploys every service. Wheels lie in folders of their own, so a change of code installs none anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib.util import cache_from_source
from pathlib import Path

from infra.environment import Environment

ROOT = Path(__file__).parents[1]
BUNDLES = ROOT / ".halte" / "bundles"
KEPT = 6
"""Folders of a name that stay on disk."""

DIGEST = 16
"""Hexadecimal digits that tell folders of a name apart."""

_UNREAD = ("babel/locale-data",)
"""What wheels bring and nothing here reads: of python-liquid's, half of delivery's bundle."""

_COMPOSED = {"simulations": ("journeys", "scoring", "delivery")}
"""The services whose rules another carries with its own."""

_BORROWED = {"console": "access"}
"""Whose wheels a service carries that has no dependency group of its own: the kernel's are all it needs."""

_LOCAL_ONLY = ("local/__init__.py", "local/virtual_clock.py")


def bundle(service: str, environment: Environment, group: str = "") -> Path:
    """The folder that becomes the service's zip: `services/__init__.py`, the kernel, the service (with those whose
    rules it carries) and its wheels, under the same import paths as in the repository. `group` names the dependency
    group of the wheels where it is not the service's own: few functions carry what is heavy.

    Raises:
        subprocess.CalledProcessError: uv can't resolve a wheel for the target.
    """
    beside, own = wheels(service, environment, group), code(service, environment)

    def fill(building: Path) -> None:
        for part in (beside, own):
            shutil.copytree(part, building, copy_function=os.link, dirs_exist_ok=True)

    return _built(group or service, _digest(beside.name, own.name), fill)


def code(service: str, environment: Environment) -> Path:
    """The service and the kernel alone, without the wheels they import."""
    sources = _sources(service, environment)

    def fill(building: Path) -> None:
        for source in sources:
            copy = building / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
        _compile(environment, building)

    contents = [part for source in sources for part in (str(source.relative_to(ROOT)), source.read_bytes())]
    return _built(f"code-{service}", _digest(environment.python, *contents), fill)


def note(service: str, environment: Environment) -> Path:
    """For a function that finds all it runs on this machine's disk: the name of the folder of its code."""
    folder = code(service, environment).name

    def fill(building: Path) -> None:
        (building / "found-beside").write_text(folder)

    return _built(f"note-{service}", _digest(folder), fill)


def wheels(service: str, environment: Environment, group: str = "") -> Path:
    """What the service imports of others: the locked wheels of a dependency group, for the target.

    Raises:
        subprocess.CalledProcessError: uv can't resolve a wheel for the target.
    """
    group = group or _BORROWED.get(service, service)
    lock = (ROOT / "uv.lock").read_bytes()
    digest = _digest(environment.python, str(environment.platform), lock)

    def fill(building: Path) -> None:
        _install_wheels(group, environment, building)
        # Of one lock file, so what is in several groups is the same in all.
        _compile(environment, building, BUNDLES.glob(f"wheels-*-{digest}"))

    return _built(f"wheels-{group}", digest, fill)


def _built(name: str, digest: str, fill: Callable[[Path], None]) -> Path:
    """The folder of that name and digest; filled if it is not there, and seen by others only when it is whole."""
    target = BUNDLES / f"{name}-{digest}"
    if target.exists():
        return target
    building = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    fill(building)
    try:
        building.rename(target)
    except OSError:  # another process built the same one in the meantime
        shutil.rmtree(building)
    _forget_old(name)
    return target


def _forget_old(name: str) -> None:
    """Keep the newest few: the last stages deployed, and the one before."""
    bundles = sorted(
        BUNDLES.glob(f"{name}-{'[0-9a-f]' * DIGEST}"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    for old in bundles[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _sources(service: str, environment: Environment) -> list[Path]:
    folders = [ROOT / "services" / name for name in ("shared", service, *_COMPOSED.get(service, ()))]
    found = [ROOT / "services" / "__init__.py"]
    for folder in folders:
        found += sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    if environment.is_local:
        found += [ROOT / name for name in _LOCAL_ONLY]
    return found


def _digest(*contents: str | bytes) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for content in contents:
        digest.update(content if isinstance(content, bytes) else content.encode())
        digest.update(b"\0")
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
            *("--python-version", environment.python, "--link-mode", "hardlink", "--no-compile-bytecode"),
            *("--target", target, "-r", requirements),
        ],
        cwd=ROOT,
        check=True,
    )
    requirements.unlink()
    for leftover in (".lock", "bin", *_UNREAD):
        path = target / leftover
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _compile(environment: Environment, target: Path, compiled: Iterable[Path] = ()) -> None:
    """Ship bytecode where this interpreter is the target's: without it a cold start takes twice as long. That of the
    same files in `compiled` folders is taken from there."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" != environment.python:
        return
    sources = [path.relative_to(target) for path in target.rglob("*.py")]
    for folder in compiled:
        sources = [source for source in sources if not _taken(source, folder, target)]
    if not sources:
        return
    subprocess.run(
        [
            sys.executable,
            "-m",
            "compileall",
            "-q",
            "--invalidation-mode",
            "unchecked-hash",
            "-i",
            "-",
        ],
        cwd=target,
        check=True,
        input="\n".join(map(str, sources)).encode(),
    )


def _taken(source: Path, folder: Path, target: Path) -> bool:
    """Was there bytecode of a source in a folder, which the target has now?"""
    bytecode = cache_from_source(str(source))
    if not (folder / bytecode).exists():
        return False
    (target / bytecode).parent.mkdir(exist_ok=True)
    os.link(folder / bytecode, target / bytecode)
    return True
