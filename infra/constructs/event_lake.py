"""The event lake's upkeep: the one function that carries DuckDB, and the table by which Athena reads the Parquet."""

from __future__ import annotations

from typing import get_args

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations

from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack
from infra.constructs.work_queue import DeadLetterQueue
from services.ingest.domain.figures.figure import FIGURES
from services.ingest.domain.figures.questions import Kind
from services.ingest.domain.lake import COLUMNS, PARQUET, RAW
from services.shared.contracts.past import lake_function

COMPACT_SECONDS = 900
COMPACT_MEMORY = 2048
DUCKDB_MEMORY = 1200
"""Of these, what DuckDB may use before it spills to /tmp; the rest is Python's and the SDK's."""

_FIGURES_WHY = "Figures are named by what was asked, under one prefix of the lake's bucket."
_GLUE_TYPES = {"VARCHAR": "string", "TIMESTAMP": "timestamp", "BOOLEAN": "boolean"}


def keep_lake(stack: ServiceStack, profiles: dynamodb.Table) -> ServiceFunction:
    """Add the function that compacts, amends and counts the lake, every six hours, and the Glue table `events`."""
    function = stack.function(
        "Compact",
        handler="compact",
        settings={
            "lake_bucket": stack.lake_bucket_name,
            "profiles_table": profiles.table_name,
            "memory_mb": str(DUCKDB_MEMORY),
        },
        memory=COMPACT_MEMORY,
        timeout_seconds=COMPACT_SECONDS,
        wheels="ingest-lake",
        disk=4096,
        name=lake_function(stack.halte.stage),
    )
    grant_lake(stack, function, "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
    function.add_to_role_policy(
        iam.PolicyStatement(actions=["s3:ListBucket"], resources=[stack.lake.bucket_arn])
    )
    profiles.grant(function, "dynamodb:BatchGetItem")
    stack.allow_objects(function, ["s3:PutObject"], [FIGURES], why=_FIGURES_WHY)
    stack.schedule(function, "rate(6 hours)")
    # An amendment or a count may find its day being compacted: it is asked again, and in the end parked for a person.
    function.configure_async_invoke(
        retry_attempts=2,
        on_failure=destinations.SqsDestination(
            DeadLetterQueue(stack, "AmendmentDeadLetters", alarms=stack.alarms)
        ),
    )
    _catalogue(stack)
    return function


def add_figures(stack: ServiceStack, compact: lambda_.IFunction) -> None:
    """Add the routes of reports that are counted over the lake."""
    function = stack.function(
        "Figures",
        handler="figures",
        settings={"lake_bucket": stack.lake_bucket_name, "compact_function": compact.function_arn},
    )
    stack.allow_objects(function, ["s3:GetObject", "s3:PutObject"], [FIGURES], listed=True, why=_FIGURES_WHY)
    function.add_to_role_policy(
        iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[compact.function_arn])
    )
    stack.routes(function, [f"GET /reports/{kind}" for kind in get_args(Kind)])


def grant_lake(stack: ServiceStack, function: ServiceFunction, *actions: str) -> None:
    """Allow actions on the objects under the lake's two prefixes."""
    why = "The lake's objects are named by day and content, under two prefixes of its bucket."
    stack.allow_objects(function, actions, [RAW, PARQUET], why=why)


def _catalogue(stack: ServiceStack) -> None:
    """Days are projected, so that no crawler and no repair statement is needed."""
    database = glue.CfnDatabase(
        stack,
        "LakeDatabase",
        catalog_id=stack.account,
        database_input=glue.CfnDatabase.DatabaseInputProperty(name=f"halte_{stack.halte.stage}"),
    )
    columns = [
        glue.CfnTable.ColumnProperty(name=name, type=_GLUE_TYPES[type_]) for name, type_ in COLUMNS.items()
    ]
    table = glue.CfnTable(
        stack,
        "LakeEvents",
        catalog_id=stack.account,
        database_name=f"halte_{stack.halte.stage}",
        table_input=glue.CfnTable.TableInputProperty(
            name="events",
            description="One row per receipt of an accepted event; times are UTC, event is JSON.",
            table_type="EXTERNAL_TABLE",
            parameters={
                "classification": "parquet",
                "projection.enabled": "true",
                "projection.date.type": "date",
                "projection.date.format": "yyyy-MM-dd",
                "projection.date.range": "2020-01-01,NOW",
            },
            partition_keys=[glue.CfnTable.ColumnProperty(name="date", type="string")],
            storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                location=f"s3://{stack.lake_bucket_name}/{PARQUET}",
                columns=columns,
                input_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                output_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                serde_info=glue.CfnTable.SerdeInfoProperty(
                    serialization_library="org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                ),
            ),
        ),
    )
    table.add_dependency(database)
