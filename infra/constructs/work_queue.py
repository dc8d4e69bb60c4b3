"""A queue that loses nothing: encrypted, TLS only, with a dead-letter queue that raises an alarm."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarms import raise_alarm
from infra.receives import RECEIVES


class DeadLetterQueue(sqs.Queue):
    """Where failed work waits 14 days for a person; one message in it is an alarm."""

    def __init__(self, scope: Construct, id: str, *, alarms: sns.ITopic) -> None:
        super().__init__(
            scope,
            id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        raise_alarm(
            self,
            "Alarm",
            alarms,
            self.metric_approximate_number_of_messages_visible(period=Duration.minutes(1)),
            says="Work was given up and waits in a dead-letter queue.",
        )


class WorkQueue(sqs.Queue):
    """Work for one function; visibility is six times its timeout, as Lambda asks."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        alarms: sns.ITopic,
        timeout_seconds: int,
        delay_seconds: int = 0,
    ) -> None:
        self.dead_letters = DeadLetterQueue(scope, f"{id}DeadLetters", alarms=alarms)
        super().__init__(
            scope,
            id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            delivery_delay=Duration.seconds(delay_seconds) if delay_seconds else None,
            visibility_timeout=Duration.seconds(6 * timeout_seconds),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=RECEIVES),
        )
