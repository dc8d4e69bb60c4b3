"""What each handler is told by its environment."""

from __future__ import annotations

from services.shared.settings import Settings


class WalkingSettings(Settings):
    """Of whoever takes people through journeys."""

    runtime_table: str
    standings_table: str
    definitions_table: str


class OnFactsSettings(WalkingSettings):
    """Of `on_facts`."""


class OnStepSettings(WalkingSettings):
    """Of `on_step`."""

    plans_table: str


class OnFailedExecutionSettings(Settings):
    """Of `on_failed_execution`."""

    runtime_table: str


class PersonSettings(Settings):
    """Of `person`."""

    runtime_table: str
    standings_table: str


class OnRuntimeStreamSettings(Settings):
    """Of `on_runtime_stream`."""

    definitions_table: str
    plans_table: str
    bus_name: str


class OnDefinitionsStreamSettings(Settings):
    """Of `on_definitions_stream`."""

    definitions_table: str
    bus_name: str


class PublishingSettings(Settings):
    """Of whoever publishes. `state_machine_prefix` begins the names of the state machines; they run as
    `state_machine_role_arn` and call `step_function_arn`."""

    definitions_table: str
    plans_table: str
    state_machine_prefix: str
    state_machine_role_arn: str
    step_function_arn: str


class OperationsSettings(Settings):
    """Of `operations`."""

    runtime_table: str
    definitions_table: str
    plans_table: str
    chores_url: str


class OnChoresSettings(Settings):
    """Of `on_chores`."""

    runtime_table: str
    definitions_table: str
    chores_url: str


class SweepSettings(Settings):
    """Of `sweep`."""

    definitions_table: str
    chores_url: str


class ApiSettings(PublishingSettings):
    """Of `api`."""

    runtime_table: str


class OnRunsSettings(WalkingSettings):
    """Of `on_runs`."""

    plans_table: str
    audience_function: str
    runs_queue_url: str


class OccasionsSettings(PublishingSettings):
    """Of `occasions`."""

    audience_function: str
    outcomes_function: str
    runs_queue_url: str


class CampaignsSettings(PublishingSettings, WalkingSettings):
    """Of `campaigns`."""

    audience_function: str
    who_function: str


class SimulationsSettings(Settings):
    """Of `simulations`."""

    definitions_table: str
    lake_bucket: str
    simulators_url: str
    definitions_function: str
    wordings_function: str
