"""Architecture rules over the synthesized templates: what cdk-nag cannot see. Synthesis itself runs cdk-nag."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from typing import Any

from services.shared.contracts.catalogue import FACTS
from services.shared.settings import Settings
from tests.infra.conftest import Assembly

SERVICES = {"ingest", "scoring", "journeys", "consent", "delivery"}
PUBLIC_ROUTES = {
    *(
        f"POST /v1/{call}"
        for call in ("identify", "track", "page", "screen", "group", "alias", "batch", *"itpsgab")
    ),
    *(f"POST /api/s/{call}" for call in ("identify", "track", "page", "group")),
    "POST /forms/{form_id}/submissions",
    "POST /consents/requests",
    "GET /consents/confirm",
    "HEAD /consents/confirm",
    "POST /consents/confirm",
    "GET /consents/unsubscribe",
    "HEAD /consents/unsubscribe",
    "POST /consents/unsubscribe",
    *(
        f"{method} {path}"
        for path in ("/preferences", "/preferences/request", "/preferences/email")
        for method in ("GET", "HEAD", "POST")
    ),
    *(f"{method} /{path}/{{token}}" for path in ("c", "o") for method in ("GET", "HEAD")),
    "GET /preferences/receipt",
    "HEAD /preferences/receipt",
    "GET /console",
    "GET /console/{name}",
}
RESOURCELESS_ACTIONS = {
    "dynamodb:ListStreams",
    "ses:GetAccount",
    "sms-voice:DescribePhoneNumbers",
    "sms-voice:DescribeSenderIds",
    "sms-voice:DescribeSpendLimits",
}
"""Actions for which AWS knows no resource: the only ones that may be allowed on `*`."""

AWS_TELLS = {("aws.states", "Step Functions Execution Status Change"), ("aws.s3", "Object Created")}
"""What is listened to on the account's default bus."""


def statements(assembly: Assembly) -> list[tuple[str, dict[str, Any]]]:
    return [
        (service, statement)
        for service, _, policy in assembly.of_type("AWS::IAM::Policy")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def actions(statement: dict[str, Any]) -> list[str]:
    found = statement["Action"]
    return found if isinstance(found, list) else [found]


def functions(assembly: Assembly) -> list[tuple[str, str, dict[str, Any]]]:
    return [(s, i, r["Properties"]) for s, i, r in assembly.of_type("AWS::Lambda::Function")]


def test_one_stack_a_service_and_the_platform(prod: Assembly) -> None:
    assert set(prod.templates) == SERVICES | {"platform"}


def test_stacks_meet_without_exports(prod: Assembly) -> None:
    for template in prod.templates.values():
        assert "Fn::ImportValue" not in json.dumps(template)
        assert not any("Export" in output for output in template.get("Outputs", {}).values())


def test_every_function_has_a_role_of_its_own(prod: Assembly) -> None:
    roles = Counter(json.dumps((service, props["Role"])) for service, _, props in functions(prod))
    assert len(roles) > 15
    assert set(roles.values()) == {1}


def test_no_policy_allows_every_action(prod: Assembly) -> None:
    for _, statement in statements(prod):
        assert not [action for action in actions(statement) if action.endswith(":*") or action == "*"]


def test_resource_star_only_where_aws_knows_no_resource(prod: Assembly) -> None:
    for service, statement in statements(prod):
        if statement["Resource"] == "*":
            assert set(actions(statement)) <= RESOURCELESS_ACTIONS, (service, statement)


def test_no_managed_policies(prod: Assembly) -> None:
    for _, _, role in prod.of_type("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role["Properties"]


OWNERS = {"loyalty": "scoring"}
"""The services that parts belong to which speak in a name of their own."""


def test_put_events_only_in_a_service_s_own_name(prod: Assembly) -> None:
    seen = set()
    for service, statement in statements(prod):
        if "events:PutEvents" in actions(statement):
            name = statement["Condition"]["StringEquals"]["events:source"].removeprefix("halte.")
            assert statement["Condition"] == {"StringEquals": {"events:source": f"halte.{name}"}}
            assert OWNERS.get(name, name) == service
            seen.add(service)
    assert seen == SERVICES


def test_logs_are_kept_for_a_while_and_belong_to_their_function(prod: Assembly) -> None:
    for _, _, group in prod.of_type("AWS::Logs::LogGroup"):
        assert group["Properties"]["RetentionInDays"] <= 90
    groups = Counter(json.dumps((s, p["LoggingConfig"]["LogGroup"])) for s, _, p in functions(prod))
    assert set(groups.values()) == {1}


def test_functions_run_the_bundled_python_on_arm(prod: Assembly) -> None:
    for _, _, props in functions(prod):
        assert props["Runtime"] == "python3.13"
        assert props["Architectures"] == ["arm64"]


def test_every_work_queue_parks_what_fails(prod: Assembly) -> None:
    for service, logical_id, queue in prod.of_type("AWS::SQS::Queue"):
        if "DeadLetters" in logical_id:
            assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 86400
        else:
            assert queue["Properties"]["RedrivePolicy"]["maxReceiveCount"] == 5, (service, logical_id)


def test_every_dead_letter_queue_alarms(prod: Assembly) -> None:
    queues = [i for _, i, _ in prod.of_type("AWS::SQS::Queue") if "DeadLetters" in i]
    assert len(prod.of_type("AWS::CloudWatch::Alarm")) >= len(queues) > 5
    for _, _, alarm in prod.of_type("AWS::CloudWatch::Alarm"):
        assert alarm["Properties"]["AlarmActions"]


def test_cohorts_that_are_stuck_alarm(prod: Assembly) -> None:
    """The metric is what the worker emits (tests/integration/journeys/test_operating.py)."""
    (alarm,) = [
        resource["Properties"]
        for _, _, resource in prod.of_type("AWS::CloudWatch::Alarm")
        if resource["Properties"].get("MetricName") == "StuckCohorts"
    ]
    assert (alarm["Namespace"], alarm["Statistic"], alarm["Threshold"]) == ("Halte", "Maximum", 1)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "journeys"}]
    assert alarm["AlarmActions"]


def test_every_mapping_answers_for_each_item(prod: Assembly) -> None:
    mappings = prod.of_type("AWS::Lambda::EventSourceMapping")
    assert len(mappings) > 8
    for _, _, mapping in mappings:
        assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert "FilterCriteria" not in mapping["Properties"]


def test_whoever_works_in_rounds_is_not_taken_for_a_runaway_loop(prod: Assembly) -> None:
    """Lambda stops a function that its own messages have called sixteen times, unless it may."""
    consumed = {
        (
            service,
            json.dumps(mapping["Properties"]["EventSourceArn"]),
            mapping["Properties"]["FunctionName"]["Ref"],
        )
        for service, _, mapping in prod.of_type("AWS::Lambda::EventSourceMapping")
    }
    role_of = {
        (service, i): properties["Role"]["Fn::GetAtt"][0] for service, i, properties in functions(prod)
    }
    sends = set()
    for service, _, policy in prod.of_type("AWS::IAM::Policy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if "sqs:SendMessage" in actions(statement):
                found = statement["Resource"]
                queues = found if isinstance(found, list) else [found]
                roles = [role["Ref"] for role in policy["Properties"].get("Roles", [])]
                sends |= {(service, json.dumps(queue), role) for queue in queues for role in roles}
    loops = {(s, f) for s, queue, f in consumed if (s, queue, role_of[s, f]) in sends}
    allowed = {(s, i) for s, i, properties in functions(prod) if properties.get("RecursiveLoop") == "Allow"}
    assert loops == allowed != set()


def test_every_rule_target_has_retries_and_dead_letters(prod: Assembly) -> None:
    rules = prod.of_type("AWS::Events::Rule")
    assert rules
    for service, logical_id, rule in rules:
        for target in rule["Properties"]["Targets"]:
            assert "DeadLetterConfig" in target, (service, logical_id)
            assert "RetryPolicy" in target, (service, logical_id)


def test_rules_listen_to_facts_that_exist(prod: Assembly) -> None:
    known = {(fact.source, fact.detail_type) for fact in FACTS}
    for service, logical_id, rule in prod.of_type("AWS::Events::Rule"):
        pattern = rule["Properties"].get("EventPattern")
        if pattern and "detail-type" in pattern:
            pairs = {(s, d) for s in pattern["source"] for d in pattern["detail-type"]}
            own_bus = "EventBusName" in rule["Properties"]
            assert pairs <= (known if own_bus else AWS_TELLS), (service, logical_id)


def test_tables_can_be_restored_and_are_not_lost_with_their_stack(prod: Assembly) -> None:
    tables = prod.of_type("AWS::DynamoDB::Table")
    assert {service for service, _, _ in tables} == SERVICES
    for _, _, table in tables:
        props = table["Properties"]
        assert props["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert props["DeletionProtectionEnabled"] is True
        assert props["BillingMode"] == "PAY_PER_REQUEST"
        assert table["DeletionPolicy"] == "Retain"
        assert "TableName" not in props


def test_buckets_are_private(prod: Assembly) -> None:
    buckets = prod.of_type("AWS::S3::Bucket")
    assert {service for service, _, _ in buckets} == {"platform", "consent", "delivery"}
    for _, _, bucket in buckets:
        assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())
        assert bucket["DeletionPolicy"] == "Retain"


def test_anchors_of_the_ledger_are_locked_and_one_function_may_only_add_to_them(prod: Assembly) -> None:
    (bucket,) = [b["Properties"] for service, _, b in prod.of_type("AWS::S3::Bucket") if service == "consent"]
    assert bucket["ObjectLockEnabled"] is True
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": "GOVERNANCE", "Days": 3650}
    on_s3 = [
        (service, statement)
        for service, statement in statements(prod)
        if service == "consent" and any(action.startswith("s3:") for action in actions(statement))
    ]
    ((_, statement),) = on_s3
    assert set(actions(statement)) == {"s3:PutObject", "s3:GetObject"}
    signing = [s for _, s in statements(prod) if "kms:Sign" in actions(s)]
    assert [actions(s) for s in signing] == [["kms:Sign"]]
    (denied,) = [
        s
        for service, _, policy in prod.of_type("AWS::S3::BucketPolicy")
        for s in policy["Properties"]["PolicyDocument"]["Statement"]
        if service == "consent" and s["Effect"] == "Deny" and "s3:DeleteObjectVersion" in actions(s)
    ]
    assert {"s3:BypassGovernanceRetention", "s3:PutObjectRetention"} <= set(actions(denied))


def test_the_archive_keeps_no_personal_fact(prod: Assembly) -> None:
    ((_, _, archive),) = prod.of_type("AWS::Events::Archive")
    kept = set(archive["Properties"]["EventPattern"]["detail-type"])
    assert kept == {fact.detail_type for fact in FACTS if not fact.personal}


def routes(assembly: Assembly) -> dict[str, bool]:
    """Route key → does it stand behind the authorizer?"""
    return {
        route["Properties"]["RouteKey"]: "AuthorizerId" in route["Properties"]
        for _, _, route in assembly.of_type("AWS::ApiGatewayV2::Route")
    }


def test_browsers_may_ask_with_what_client_libraries_send(prod: Assembly) -> None:
    ((_, _, api),) = prod.of_type("AWS::ApiGatewayV2::Api")
    cors = api["Properties"]["CorsConfiguration"]
    assert cors["AllowOrigins"] == ["*"]
    assert "POST" in cors["AllowMethods"]
    assert {"authorization", "content-type", "x-write-key", "anonymousid"} <= set(cors["AllowHeaders"])
    assert "AllowCredentials" not in cors


def test_the_public_door_may_not_write_where_keys_are(prod: Assembly) -> None:
    granted = [
        statement
        for _, name, policy in prod.of_type("AWS::IAM::Policy")
        if name.startswith("FrontDoor")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    on_sources = [s for s in granted if "Sources" in str(s["Resource"])]
    assert [actions(statement) for statement in on_sources] == [["dynamodb:GetItem"]]


def test_only_these_routes_are_public(prod: Assembly) -> None:
    assert {key for key, guarded in routes(prod).items() if not guarded} == PUBLIC_ROUTES


def test_settings_and_environment_are_equal(prod: Assembly) -> None:
    for service, logical_id, props in functions(prod):
        handler = props["Handler"].split(".")[-2]
        name = "".join(part.title() for part in handler.split("_")) + "Settings"
        model: type[Settings] = getattr(importlib.import_module(f"services.{package(props)}.settings"), name)
        expected = {field.upper() for field in model.model_fields} - {"CLOCK_FACTORY"}
        assert set(props["Environment"]["Variables"]) == expected, (service, logical_id)


def package(props: dict[str, Any]) -> str:
    return str(props["Handler"]).split(".")[1]
