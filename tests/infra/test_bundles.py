"""A bundle is complete and alone: every handler imports from it in an interpreter that sees nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.thorough import EXHAUSTIVE

ROOT = Path(__file__).parents[2]
LAMBDA_BYTES = 250_000_000
"""Unzipped, all that a function may carry."""

CARRIED = (
    *(
        ("access", ""),
        ("ingest", ""),
        ("ingest", "ingest-lake"),
        ("scoring", ""),
        ("scoring", "scoring-mentions"),
    ),
    *(("journeys", ""), ("consent", ""), ("console", "access"), ("simulations", "")),
    *(("delivery", name) for name in ("", "delivery-lake", "delivery-pressure", "delivery-templates")),
)
"""Every service with every dependency group that functions of it carry."""

SERVICES = ("access", "ingest", "scoring", "journeys", "consent", "delivery", "console", "simulations")
COMPOSED = {"simulations": {"journeys", "scoring", "delivery"}}
"""Whose rules a service carries with its own."""


def bundle(service: str, group: str = "", stage: str = "local") -> Path:
    """The folder of a service's code and wheels, as the stage has it."""
    from infra import packaging  # starts a Node process, so only where it is needed
    from infra.environment import Environment

    environment = Environment(stage, from_address="hello@example.com", sms_origination="+12025550100")
    return packaging.bundle(service, environment, group)


@pytest.mark.parametrize("service", SERVICES)
def test_every_handler_imports_from_its_bundle_alone(service: str) -> None:
    folder = bundle(service)
    handlers = sorted(
        p.stem for p in (ROOT / "services" / service / "handlers").glob("*.py") if p.stem != "__init__"
    )
    assert handlers
    imports = "; ".join(f"import services.{service}.handlers.{name}" for name in handlers)
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); {imports}; assert 'boto3' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_another_service_is_physically_absent(service: str) -> None:
    folder = bundle(service)
    inside = {path.name for path in (folder / "services").iterdir() if path.is_dir()}
    assert inside - {"__pycache__"} == {"shared", service, *COMPOSED.get(service, ())}


def test_a_bundle_is_built_once() -> None:
    assert bundle("access") == bundle("access")


def test_only_the_lake_s_bundle_carries_duckdb_and_it_fits_lambda() -> None:
    folder = bundle("ingest", "ingest-lake")
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import services.ingest.handlers.compact; "
        "assert 'duckdb' not in sys.modules; import duckdb; "
        "duckdb.connect().execute('COPY (SELECT 1) TO ? (FORMAT parquet)', ['/dev/null'])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) < LAMBDA_BYTES
    assert not list(bundle("ingest").glob("*duckdb*"))


@pytest.mark.skipif(not EXHAUSTIVE, reason="fetches every wheel for another processor: make sweep")
@pytest.mark.parametrize(("service", "group"), CARRIED)
def test_what_goes_to_lambda_is_built_for_it_and_fits(service: str, group: str) -> None:
    folder = bundle(service, group, "prod")
    compiled = {path.name for path in folder.rglob("*.so")}
    assert not [name for name in compiled if "x86_64" in name]
    assert sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) < LAMBDA_BYTES


def test_every_group_that_functions_carry_is_built() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    groups = {name for name in tomllib.loads(text)["dependency-groups"] if name.split("-")[0] in SERVICES}
    assert groups == {group or service for service, group in CARRIED}
