"""Every store of the templates says how a person in it is erased, or why nobody is in it."""

from __future__ import annotations

import re

from services.consent.adapters import anchor_store
from services.delivery.adapters import s3_orders
from services.delivery.domain.reports import lines
from services.ingest.adapters import s3_exports, s3_imports
from services.ingest.domain.lake import PARQUET, RAW
from services.journeys.domain import simulating
from tests.infra.conftest import Assembly
from tests.support.personal_stores import PREFIXES, STORES, Expires, Harmless

KINDS = {"AWS::DynamoDB::Table": "Table", "AWS::S3::Bucket": "Bucket", "AWS::SQS::Queue": "Queue"}
_SUFFIX = re.compile(r"(Queue)?[0-9A-F]{8}$")


def stores_of(assembly: Assembly) -> set[str]:
    found = set()
    for type_, kind in KINDS.items():
        for service, logical_id, _ in assembly.of_type(type_):
            if "DeadLetters" not in logical_id:
                name = logical_id if kind != "Queue" else logical_id.replace("Queue", "", 1)
                found.add(f"{service}/{kind}/{_SUFFIX.sub('', logical_id) or name}")
    return found


def test_every_store_is_registered_and_nothing_else_is(prod: Assembly) -> None:
    registered = {re.sub(r"(/Queue/\w+?)Queue$", r"\1", name) for name in STORES}
    assert stores_of(prod) == registered


def test_whoever_registers_a_store_as_harmless_says_why() -> None:
    for name, store in STORES.items():
        if isinstance(store, Harmless):
            assert len(store.why.split()) > 3 or store.why.endswith("."), name


def test_every_prefix_of_the_bucket_is_registered_and_what_expires_does_so_within_a_month(
    prod: Assembly,
) -> None:
    assert set(PREFIXES) == {
        RAW,
        PARQUET,
        s3_imports.PREFIX,
        s3_exports.PREFIX,
        anchor_store.PREFIX,
        s3_orders.PREFIX,
        s3_orders.REPORTS,
        lines.RAW,
        lines.PARQUET,
        simulating.SIMULATIONS,
    }
    (bucket,) = [bucket for service, _, bucket in prod.of_type("AWS::S3::Bucket") if service == "platform"]
    rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    for prefix, store in PREFIXES.items():
        if isinstance(store, Expires):
            assert days[prefix] == store.days < 30


def test_a_bucket_that_an_erasure_leaves_alone_is_emptied_within_a_month(prod: Assembly) -> None:
    for name, store in STORES.items():
        if isinstance(store, Expires):
            (bucket,) = [
                bucket
                for service, logical_id, bucket in prod.of_type("AWS::S3::Bucket")
                if f"{service}/Bucket/{_SUFFIX.sub('', logical_id)}" == name
            ]
            (rule,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
            assert (rule["Status"], "Prefix" in rule) == ("Enabled", False)
            assert rule["ExpirationInDays"] == store.days < 30


def test_no_other_kind_of_store_has_come_in(prod: Assembly) -> None:
    """Services of AWS that keep what they are given: each must be thought about."""
    keeping = {"AWS::Kinesis::Stream", "AWS::RDS::DBInstance", "AWS::OpenSearchService::Domain"}
    keeping |= {"AWS::ElastiCache::CacheCluster", "AWS::EFS::FileSystem"}
    types = {r["Type"] for template in prod.templates.values() for r in template["Resources"].values()}
    assert not types & keeping
