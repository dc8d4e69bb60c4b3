"""The lines of reports in the lake's bucket: the outbox writes them, and a function makes Parquet of finished days."""

from __future__ import annotations

from infra.constructs.service_function import ServiceFunction
from infra.constructs.service_stack import ServiceStack
from services.delivery.domain.reports.lines import PARQUET, RAW

COMPACT_SECONDS = 600
COMPACT_MEMORY = 2048
DUCKDB_MEMORY = 1200
"""Of these, what DuckDB may use before it spills to /tmp; the rest is Python's and the SDK's."""

_WHY = "The lines are named by day and content, under two prefixes of the lake's bucket."


def keep_outcomes(stack: ServiceStack, outbox: ServiceFunction) -> None:
    """Let `outbox` write lines, and add the function that compacts them, every six hours."""
    stack.allow_objects(outbox, ["s3:PutObject"], [RAW], why=_WHY)
    function = stack.function(
        "Compact",
        handler="compact",
        settings={"lake_bucket": stack.lake_bucket_name, "memory_mb": str(DUCKDB_MEMORY)},
        memory=COMPACT_MEMORY,
        timeout_seconds=COMPACT_SECONDS,
        wheels="delivery-lake",
        disk=4096,
    )
    stack.allow_objects(
        function,
        ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
        [RAW, PARQUET],
        listed=True,
        why=_WHY,
    )
    stack.schedule(function, "rate(6 hours)")
