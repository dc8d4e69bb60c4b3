# Everything a developer does, on a fresh machine with Python >= 3.11, Node >= 20 and make. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
UV_VERSION := 0.13.9
STAGE ?=
ARGS ?=
SWEPT = tests/faults tests/infra/test_bundles.py tests/infra/test_mail_feedback.py \
	tests/integration/ingest/test_erasure.py tests/integration/ingest/test_identity.py \
	tests/integration/journeys/test_conformance.py tests/integration/journeys/test_conformance_of_wishes.py \
	tests/unit/delivery/test_withdrawal_race.py tests/unit/delivery/test_protocol_model.py \
	tests/unit/journeys/test_fan_out.py tests/unit/scoring/test_known_figures.py \
	tests/unit/halte/test_bank_response.py tests/unit/halte/test_ledger_check.py \
	tests/unit/benchmarks/test_identity_quality.py tests/unit/support
# Of properties `make test` tries fewer examples.
PROPERTIES = $(shell grep -rl --include='test_*.py' '^from hypothesis' tests)
CONFORMING = tests/system/conformance tests/system/test_send_faults.py tests/unit/delivery/test_protocol_model.py
# One more than cores: one of them mostly waits for the emulator's clock.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

export UV_PROJECT_ENVIRONMENT := .venv
# jsii warns about Node versions on every synthesis; it wants to be told which one is meant.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := $(shell node -p "process.versions.node.split('.')[0]" 2>/dev/null)
export CDK_DISABLE_CLI_TELEMETRY := true
# Template validation of the CDK's own only warns, and takes half of a synthesis: tests do without, `make synth` has it.
test sweep conformance capabilities: export CDK_VALIDATION := false
# Where it is set, every process compiles all that it imports anew: that doubles the time of the tests.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup run test sweep conformance check format bench model capabilities synth deploy clean

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 15

setup: .venv/.ready node_modules/.ready ## Create .venv and node_modules from the lock files

.venv/.ready: uv.lock pyproject.toml
	@$(PYTHON) local/preflight.py
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@test -x .venv/bin/uv || .venv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@.venv/bin/uv sync --quiet --frozen --inexact --python .venv/bin/python
	@touch $@

node_modules/.ready: package-lock.json
	@$(PYTHON) local/preflight.py
	@npm ci --silent --no-audit --no-fund
	@touch $@

run: setup ## Deploy to the embedded emulator, replay real purchases, report (ARGS="--once --customers 500")
	@.venv/bin/python -m local run $(ARGS)

test: setup ## All tests, the whole-system run on the emulator included (ARGS="-k consent")
	@.venv/bin/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

sweep: setup ## Every fault at every call, many random journeys, all examples (`make test` has samples)
	@EXHAUSTIVE=1 .venv/bin/python -m pytest -q -n $(WORKERS) --dist worksteal $(sort $(SWEPT) $(PROPERTIES)) $(ARGS)

conformance: setup ## On the emulator: journeys beside the interpreter, sends behind a proxy that fails (ARGS="-k carts")
	@CONFORMANCE=full EXHAUSTIVE=1 .venv/bin/python -m pytest -q --durations=0 $(CONFORMING) $(ARGS)

check: setup ## Format, lint, types, import rules: what CI holds the code to
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: setup ## Format and mend what ruff can
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

model: setup ## A million random steps of the cohort engine's protocol (ARGS="--steps 5000000 --seed 7")
	@.venv/bin/python -m tests.unit.journeys.protocol $(ARGS)

bench: setup ## Costs in billable units and timings (ARGS="--only usd_per_million_events")
	@.venv/bin/python -m benchmarks $(ARGS)

capabilities: setup ## Which capabilities the passing tests prove
	@.venv/bin/python -m pytest -q -n $(WORKERS) --dist worksteal --capabilities $(ARGS)

synth: setup ## The CloudFormation templates, without credentials (STAGE=local by default)
	@node_modules/.bin/cdk synth --quiet $(if $(STAGE),-c stage=$(STAGE),)

deploy: setup ## cdk deploy --all to an AWS account (STAGE=prod; one service: ARGS="halte-prod-scoring --exclusively")
	@test -n "$(STAGE)" || { echo "Say which stage: make deploy STAGE=prod"; exit 2; }
	@test "$(STAGE)" != local || { echo "The local stage is deployed by: make run"; exit 2; }
	node_modules/.bin/cdk deploy -c stage=$(STAGE) $(if $(ARGS),$(ARGS),--all)

clean: ## Remove everything that can be made again
	@rm -rf .venv node_modules .halte cdk.out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
