"""Imports: jobs, the queue they wait in, the routes, and the worker that reads files."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from infra.constructs.service_stack import ServiceStack
from infra.constructs.work_queue import WorkQueue

WORKER_SECONDS = 300
PREFIX = "imports/"


@dataclass(frozen=True)
class Stores:
    """What imports use of ingest's."""

    jobs: dynamodb.Table
    sources: dynamodb.Table
    attributes: dynamodb.Table
    identities: dynamodb.Table
    profiles: dynamodb.Table
    profile_parts: dynamodb.Table
    intake: WorkQueue


def add_imports(stack: ServiceStack, stores: Stores, compact: lambda_.Function) -> lambda_.Function:
    """Add the routes `/imports` and the worker behind them, which has `compact` mark the lake."""
    jobs = stores.jobs
    queue = stack.queue("ImportJobs", timeout_seconds=WORKER_SECONDS)
    shared = {
        "imports_table": jobs.table_name,
        "sources_table": stores.sources.table_name,
        "lake_bucket": stack.lake_bucket_name,
        "imports_url": queue.queue_url,
    }
    desk = stack.function("ImportDesk", handler="imports", settings=shared)
    jobs.grant(desk, "dynamodb:GetItem", "dynamodb:PutItem")
    stores.sources.grant(desk, "dynamodb:GetItem")
    queue.grant(desk, "sqs:SendMessage")
    _let_use_files(stack, desk)
    stack.routes(
        desk,
        [
            "POST /imports",
            "POST /imports/{import_id}/start",
            "POST /imports/{import_id}/rollback",
            "GET /imports/{import_id}",
        ],
    )
    worker = stack.function(
        "OnImports",
        handler="on_imports",
        settings={
            **shared,
            "attributes_table": stores.attributes.table_name,
            "identities_table": stores.identities.table_name,
            "profiles_table": stores.profiles.table_name,
            "profile_parts_table": stores.profile_parts.table_name,
            "queue_url": stores.intake.queue_url,
            "compact_function": compact.function_arn,
        },
        memory=2048,
        timeout_seconds=WORKER_SECONDS,
    )
    jobs.grant(worker, "dynamodb:GetItem", "dynamodb:PutItem")
    stores.sources.grant(worker, "dynamodb:GetItem")
    stores.attributes.grant(worker, "dynamodb:GetItem")
    worker.add_to_role_policy(
        iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[compact.function_arn])
    )
    stores.intake.grant(worker, "sqs:SendMessage")
    queue.grant(worker, "sqs:SendMessage")
    _let_use_files(stack, worker)
    stack.consume(worker, queue, batch_size=1, max_concurrency=2, window_seconds=0)
    worker.let_go_in_rounds()
    return worker


def _let_use_files(stack: ServiceStack, function: lambda_.Function) -> None:
    stack.allow_objects(
        function,
        ["s3:GetObject", "s3:PutObject"],
        [PREFIX],
        listed=True,
        why="Uploaded files and reports are named by job, under one prefix of the lake's bucket.",
    )
