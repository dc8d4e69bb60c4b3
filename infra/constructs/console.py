"""The marketers' web app on the HTTP API: one function that may do nothing but answer with its own files."""

from __future__ import annotations

from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_integrations as integrations
from constructs import Construct

from infra.constructs.service_function import ServiceFunction
from infra.environment import Environment

ROUTES = ("/console", "/console/{name}")


class Console(Construct):
    """Its function and its public routes."""

    def __init__(self, scope: Construct, id: str, *, environment: Environment, api: apigw.HttpApi) -> None:
        super().__init__(scope, id)
        function = ServiceFunction(
            self,
            "Site",
            environment=environment,
            service="console",
            handler="site",
            settings={},
            timeout_seconds=10,
        )
        integration = integrations.HttpLambdaIntegration("SiteIntegration", function)
        for path in ROUTES:
            apigw.HttpRoute(
                self,
                f"Route GET {path.replace('/', ' ')}",
                http_api=api,
                route_key=apigw.HttpRouteKey.with_(path, apigw.HttpMethod.GET),
                integration=integration,
                authorizer=apigw.HttpNoneAuthorizer(),
            )
