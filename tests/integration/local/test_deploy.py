"""What the local run mends after the stacks are deployed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from local.deploy import let_browsers_ask


def test_the_api_gets_what_the_template_says_of_browsers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stubs know the service's own model of a request."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    cors = {"AllowOrigins": ["*"], "AllowMethods": ["POST"], "AllowHeaders": ["authorization"], "MaxAge": 60}
    api = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"CorsConfiguration": cors}}
    queue = {"Type": "AWS::SQS::Queue"}
    (tmp_path / "halte-local-platform.template.json").write_text(
        json.dumps({"Resources": {"Q": queue, "Api": api}})
    )
    (tmp_path / "halte-local-ingest.template.json").write_text(json.dumps({"Resources": {}}))
    apis, parameters = boto3.client("apigatewayv2"), boto3.client("ssm")
    with Stubber(apis) as asked, Stubber(parameters) as told:
        told.add_response("get_parameter", {"Parameter": {"Value": "a1"}}, {"Name": "/halte/local/api-id"})
        asked.add_response("update_api", {}, {"ApiId": "a1", "CorsConfiguration": cors})
        aws: Any = {"apigatewayv2": apis, "ssm": parameters}.__getitem__
        let_browsers_ask(aws, tmp_path)
        asked.assert_no_pending_responses()
