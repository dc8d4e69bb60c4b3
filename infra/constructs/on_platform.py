"""A stack that stands on the platform: it finds what the platform offers through SSM."""

from __future__ import annotations

from functools import cached_property

from aws_cdk import Stack
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.discovery import Announced, announce, discover
from infra.environment import Environment


class OnPlatform(Stack):
    """What every service's stack finds."""

    def __init__(self, scope: Construct, id: str, *, environment: Environment, description: str) -> None:
        super().__init__(scope, id, description=description)
        self.halte = environment

    def discover(self, name: Announced) -> str:
        """A value another stack announced."""
        return discover(self, self.halte, name)

    def announce(self, name: Announced, value: str) -> None:
        """Tell other stacks, and tools, a value."""
        announce(self, self.halte, name, value)

    @cached_property
    def bus(self) -> events.IEventBus:
        """The platform's event bus."""
        return events.EventBus.from_event_bus_name(self, "PlatformBus", self.discover("bus-name"))

    @property
    def bus_name(self) -> str:
        """Its name."""
        return self.bus.event_bus_name

    @cached_property
    def api_url(self) -> str:
        """The public base URL of the HTTP API, without a slash at the end."""
        return self.discover("api-url")

    @cached_property
    def lake_bucket_name(self) -> str:
        """The bucket of the event lake."""
        return self.discover("lake-bucket")

    @cached_property
    def lake(self) -> s3.IBucket:
        """That bucket."""
        return s3.Bucket.from_bucket_name(self, "PlatformLake", self.lake_bucket_name)

    @cached_property
    def address_secret(self) -> secretsmanager.ISecret:
        """The key of `addresses.address_key`."""
        return self._secret("PlatformAddressSecret", "address-secret-arn")

    @cached_property
    def token_secret(self) -> secretsmanager.ISecret:
        """The key that signs links."""
        return self._secret("PlatformTokenSecret", "token-secret-arn")

    def _secret(self, id: str, name: Announced) -> secretsmanager.ISecret:
        return secretsmanager.Secret.from_secret_complete_arn(self, id, self.discover(name))

    @cached_property
    def alarms(self) -> sns.ITopic:
        """Where alarms go."""
        return sns.Topic.from_topic_arn(self, "PlatformAlarms", self.discover("alarms-topic-arn"))

    @cached_property
    def api(self) -> apigw.IHttpApi:
        """The HTTP API that all services share."""
        return apigw.HttpApi.from_http_api_attributes(
            self, "PlatformApi", http_api_id=self.discover("api-id")
        )

    @cached_property
    def authorizer(self) -> apigw.IHttpRouteAuthorizer:
        """What stands before its routes, but public ones."""
        return apigw.HttpAuthorizer.from_http_authorizer_attributes(
            self, "PlatformAuthorizer", authorizer_id=self.discover("authorizer-id"), authorizer_type="CUSTOM"
        )
