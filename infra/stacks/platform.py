"""What all services stand on: bus and archive, HTTP API and authorizer, event lake, secrets, alarms."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration, Fn, Stack
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.console import Console
from infra.constructs.service_function import ServiceFunction
from infra.discovery import Announced, announce
from infra.environment import Environment
from infra.local_stage import leave_out
from services.shared.contracts.catalogue import FACTS

IMPORT_DAYS = 14
PRINT_ORDER_DAYS = 14
"""How long uploaded files, and the reports about them, are kept."""


class PlatformStack(Stack):
    """Deployed first; the service stacks find its parts by SSM parameter."""

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(
            scope, f"halte-{environment.stage}-platform", description=f"Halte: platform ({environment.stage})"
        )
        self.halte = environment
        self._bus()
        self._lake()
        self._alarms()
        self._announce(
            "address-secret-arn", self._secret("AddressSecret", "Keys the hashes of addresses").secret_arn
        )
        self._announce(
            "token-secret-arn", self._secret("TokenSecret", "Signs the links in messages").secret_arn
        )
        self._api(self._authorizer_function())

    def _announce(self, name: Announced, value: str) -> None:
        announce(self, self.halte, name, value)

    def _bus(self) -> None:
        bus = events.EventBus(self, "Bus")
        # Nothing can be erased from an archive, so it keeps only facts that carry opaque ids; customer events
        # themselves are replayed from the lake.
        impersonal = [fact for fact in FACTS if not fact.personal]
        archive = bus.archive(
            "Archive",
            event_pattern=events.EventPattern(
                source=sorted({fact.source for fact in impersonal}),
                detail_type=[fact.detail_type for fact in impersonal],
            ),
            retention=Duration.days(90),
        )
        if self.halte.is_local:
            leave_out(archive)
        self._announce("bus-name", bus.event_bus_name)

    def _lake(self) -> None:
        bucket = s3.Bucket(
            self,
            "Lake",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=self.halte.removal_policy,
            lifecycle_rules=[
                s3.LifecycleRule(prefix="imports/", expiration=Duration.days(IMPORT_DAYS)),
                s3.LifecycleRule(prefix="print-orders/", expiration=Duration.days(PRINT_ORDER_DAYS)),
                s3.LifecycleRule(prefix="print-status/", expiration=Duration.days(PRINT_ORDER_DAYS)),
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1)),
                s3.LifecycleRule(
                    id="figures-are-counted-again", prefix="figures/", expiration=Duration.days(7)
                ),
                s3.LifecycleRule(
                    id="simulations-are-asked-again", prefix="simulations/", expiration=Duration.days(7)
                ),
                s3.LifecycleRule(
                    id="exports-are-fetched-or-gone", prefix="exports/", expiration=Duration.days(1)
                ),
            ],
        )
        self._announce("lake-bucket", bucket.bucket_name)

    def _alarms(self) -> None:
        topic = sns.Topic(self, "AlarmsTopic", enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        self._announce("alarms-topic-arn", topic.topic_arn)

    def _secret(self, id: str, description: str) -> secretsmanager.Secret:
        return secretsmanager.Secret(
            self,
            id,
            description=description,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                exclude_punctuation=True, password_length=48
            ),
            removal_policy=self.halte.removal_policy,
        )

    def _authorizer_function(self) -> lambda_.Function:
        key = self._secret("AdminKey", "The marketers' API key: Authorization: Bearer <key>")
        self._announce("admin-key-secret-arn", key.secret_arn)
        function = ServiceFunction(
            self,
            "Authorizer",
            environment=self.halte,
            service="access",
            handler="authorizer",
            settings={"admin_key_secret_arn": key.secret_arn},
            memory=512,
            timeout_seconds=10,
        )
        key.grant_read(function)
        return function

    def _api(self, authorizer: lambda_.Function) -> None:
        api = apigw.HttpApi(
            self,
            "Api",
            description=f"Halte ({self.halte.stage})",
            create_default_stage=False,
            cors_preflight=apigw.CorsPreflightOptions(
                allow_origins=["*"],
                allow_methods=[apigw.CorsHttpMethod.POST, apigw.CorsHttpMethod.OPTIONS],
                allow_headers=["authorization", "content-type", "x-write-key", "anonymousid"],
                max_age=Duration.hours(1),
            ),
        )
        access_log = logs.LogGroup(
            self, "ApiLog", retention=logs.RetentionDays.ONE_MONTH, removal_policy=self.halte.removal_policy
        )
        stage = apigw.HttpStage(
            self,
            "Stage",
            http_api=api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigw.ThrottleSettings(rate_limit=1000, burst_limit=2000),
        )
        # No path beyond the route and no query: they may hold tokens.
        cfn_stage = cast("apigw.CfnStage", stage.node.default_child)
        cfn_stage.access_log_settings = apigw.CfnStage.AccessLogSettingsProperty(
            destination_arn=access_log.log_group_arn,
            format='{"requestId":"$context.requestId","time":"$context.requestTime","route":"$context.routeKey",'
            '"status":"$context.status","latency":"$context.responseLatency","length":"$context.responseLength"}',
        )
        made = apigw.CfnAuthorizer(
            self,
            "ApiAuthorizer",
            api_id=api.api_id,
            name="api-key",
            authorizer_type="REQUEST",
            authorizer_payload_format_version="2.0",
            enable_simple_responses=True,
            identity_source=["$request.header.Authorization"],
            authorizer_result_ttl_in_seconds=300,
            authorizer_uri=Fn.sub(
                "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations",
                {"Function": authorizer.function_arn},
            ),
        )
        authorizer.add_permission(
            "ApiMayAsk",
            principal=iam.ServicePrincipal("apigateway.amazonaws.com"),
            source_arn=Fn.sub(
                "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/authorizers/*",
                {"Api": api.api_id},
            ),
        )
        Console(self, "Console", environment=self.halte, api=api)
        self._announce("api-id", api.api_id)
        self._announce("authorizer-id", made.ref)
        self._announce("api-url", self._public_url(api.api_id))

    def _public_url(self, api_id: str) -> str:
        if self.halte.is_local:  # the emulator's own address of an HTTP API, given by whoever starts it
            base = self.node.try_get_context("emulator_url") or "http://127.0.0.1:4566"
            return f"{base}/_aws/execute-api/{api_id}/$default"
        return Fn.sub("https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}", {"Api": api_id})
