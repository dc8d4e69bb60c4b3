"""Sinks' pure parts: where webhooks may go, how they are signed, when a sink is paused, and what each one is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.circuit import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    PAUSE_AFTER,
    Answer,
    Delivered,
    Failed,
    Gone,
    Health,
    after,
    half_open,
    retry_delay,
)
from services.ingest.domain.sinks import Delivery, Sink, portions, read_document, shown_change
from services.shared.contracts.ingest import CustomerEvent, ProfileChange
from services.shared.errors import Invalid
from services.shared.net.destinations import is_public, read_url
from services.shared.net.signing import secret_of, signed_headers

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


# Where webhooks may go

UNSAFE_URLS = [
    "http://hooks.example.com/",
    "ftp://hooks.example.com/",
    "https://",
    "https:///path",
    "https://localhost/",
    "https://metadata/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://a.0x7f/",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fd00:ec2::254]/",
    "https://8.8.8.8/",
    "https://hooks.example.com:8443/",
    "https://hooks.example.com:80/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:99999/",
    "https://user:secret@hooks.example.com/",
    "https://hooks.example.com@127.0.0.1/",
    "https://hooks.example.com\\@127.0.0.1/",
    "https://hooks.example.com/a b",
    "https://hooks.example.com/\r\nHost: evil",
    "https://hooks.example.com/\u00e9",
    "https://hooks..example.com/",
    "https://-hooks.example.com/",
    "https://ho%6fks.example.com/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://" + "a" * 64 + ".example.com/",
    "https://hooks.example.com/" + "x" * 1_000,
]


@pytest.mark.parametrize("url", UNSAFE_URLS)
def test_unsafe_urls_are_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_url(url)
    assert refused.value.code == "unsafe_url"


@pytest.mark.parametrize(
    ("url", "place", "path"),
    [
        ("https://hooks.example.com", "hooks.example.com:443", "/"),
        ("https://HOOKS.Example.com:443/a?b=c#d", "hooks.example.com:443", "/a?b=c"),
        ("https://m\u00fcnchen.example/x", "xn--mnchen-3ya.example:443", "/x"),
    ],
)
def test_safe_urls_are_taken_apart(url: str, place: str, path: str) -> None:
    found = read_url(url)
    assert (found.place, found.path) == (place, path)


def test_an_allowed_place_is_exempt_and_its_neighbours_are_not() -> None:
    allowed = {"localhost:8443"}
    assert read_url("https://localhost:8443/x", allowed).place == "localhost:8443"
    for url in ("https://localhost:8444/x", "https://localhost/x", "http://localhost:8443/x"):
        with pytest.raises(Invalid):
            read_url(url, allowed)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255"),
        *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1"),
        *("192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
        *("239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *(
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
        ),
        *(
            "64:ff9b:1::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fe80::1%eth0",
            "fec0::1",
            "ff02::1",
        ),
        *("2001::1", "2001:db8::1", "2002:7f00:1::1", "2002:808:808::1", "3fff::1", "4000::1"),
        *("", "localhost", "1.2.3", "2600::1%1"),
    ],
)
def test_addresses_that_only_our_network_reaches_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "2600::1",
        "2a00:1450::1",
    ],
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


# Signatures


def test_the_specification_s_own_vector() -> None:
    """Standard Webhooks, the example of its reference libraries."""
    headers = signed_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_during_a_rotation_both_secrets_sign() -> None:
    new, old = secret_of("master", "crm", "b"), secret_of("master", "crm", "a")
    assert new != old
    signatures = signed_headers([new, old], "id", 1, b"{}")["webhook-signature"].split(" ")
    for secret, signature in zip((new, old), signatures, strict=True):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        assert len(key) == 32
        expected = base64.b64encode(hmac.new(key, b"id.1.{}", hashlib.sha256).digest()).decode()
        assert signature == f"v1,{expected}"


def test_the_old_secret_ends_with_its_overlap() -> None:
    sink = Sink("crm", webhook(), NOW, "new", "old", NOW + timedelta(hours=1))
    assert sink.salts(NOW) == ["new", "old"]
    assert sink.salts(NOW + timedelta(hours=1)) == ["new"]


# The circuit


def failing(count: int) -> list[Answer]:
    return [Failed("http_500")] * count


def test_failures_in_a_row_pause_and_a_success_between_them_does_not() -> None:
    assert after(Health(), failing(PAUSE_AFTER - 1), NOW).state == "active"
    mixed = [*failing(PAUSE_AFTER - 1), Delivered(), *failing(PAUSE_AFTER - 1)]
    assert after(Health(), mixed, NOW).state == "active"
    paused = after(Health(), failing(PAUSE_AFTER), NOW)
    assert (paused.state, paused.paused_until, paused.last_error) == ("paused", NOW + FIRST_PAUSE, "http_500")


def test_each_failed_probe_doubles_the_pause_up_to_a_limit_and_a_success_ends_it() -> None:
    health, now = after(Health(), failing(PAUSE_AFTER), NOW), NOW
    pauses = []
    for _ in range(14):
        assert health.paused_until is not None
        pauses.append(health.paused_until - now)
        now = health.paused_until
        health = after(health, failing(1), now)
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    opened = after(health, [Delivered()], now)
    assert (opened.state, opened.failures_in_a_row, opened.pauses) == ("active", 0, 0)


def test_attempts_under_way_when_the_pause_began_do_not_prolong_it() -> None:
    paused = after(Health(), failing(PAUSE_AFTER), NOW)
    later = after(paused, failing(3), NOW + timedelta(seconds=10))
    assert (later.pauses, later.paused_until) == (paused.pauses, paused.paused_until)


def test_one_failure_closes_a_half_open_sink_again_for_longer() -> None:
    paused = after(Health(), failing(PAUSE_AFTER), NOW)
    again = after(half_open(paused), failing(1), NOW + FIRST_PAUSE)
    assert again.paused_until == NOW + FIRST_PAUSE + 2 * FIRST_PAUSE


def test_gone_disables_and_nothing_undoes_it() -> None:
    gone = after(Health(), [Gone(), Delivered(), *failing(9)], NOW)
    assert (gone.state, gone.delivered) == ("disabled", 1)


def test_tries_lie_ever_further_apart() -> None:
    delays = [retry_delay(receives) for receives in range(1, 6)]
    assert delays[:4] == sorted(set(delays[:4]))
    assert delays[4] == delays[3] <= 43_200


@settings(max_examples=100)
@given(st.lists(st.sampled_from([Delivered(), Failed("timeout")])))
def test_every_attempt_is_counted_once(answers: list[Answer]) -> None:
    health = after(Health(), answers, NOW)
    assert health.delivered == answers.count(Delivered())
    assert health.delivered + health.failed == len(answers)


# What a sink is told


def webhook(**changed: Any) -> Any:
    return read_document({"kind": "webhook", "url": "https://hooks.example.com/", **changed})


def change(*names: str, **traits: Any) -> ProfileChange:
    events = [
        CustomerEvent(
            message_id=f"m{i}", type="track", name=name, at=NOW, properties={"revenue": i, "secret": "x"}
        )
        for i, name in enumerate(names)
    ]
    return ProfileChange(
        profile_id="prf_1", version=3, at=NOW, events=events, traits=traits, traits_version=3
    )


def told(sink: dict[str, Any], one: ProfileChange, watched_changed: bool = False) -> dict[str, Any] | None:
    return shown_change(Sink("crm", webhook(**sink), NOW), one, watched_changed)


def test_without_a_filter_everything_passes_in_its_contract_s_form() -> None:
    one = change("Order Completed", "Page", email="a@example.com")
    assert told({}, one) == one.model_dump(mode="json")
    assert ProfileChange.model_validate(told({}, one)) == one


def test_a_filter_of_events_passes_only_those() -> None:
    sink = {"filter": {"events": ["Order Completed"]}}
    row = told(sink, change("Order Completed", "Page"))
    assert row is not None
    assert [event["name"] for event in row["events"]] == ["Order Completed"]
    assert told(sink, change("Page")) is None
    assert told(sink, change("Page"), watched_changed=False) is None


def test_a_filter_of_traits_passes_only_their_changes_and_no_events() -> None:
    sink = {"filter": {"changes_of": ["email"]}}
    assert told(sink, change("Page", email="a@example.com"), watched_changed=False) is None
    row = told(sink, change("Page", email="a@example.com"), watched_changed=True)
    assert row is not None
    assert (row["events"], row["traits"]) == ([], {"email": "a@example.com"})


def test_fields_limit_what_a_sink_learns() -> None:
    sink = {"fields": {"traits": ["plan"], "properties": ["revenue"]}}
    row = told(sink, change("Order Completed", email="a@example.com", plan="gold"))
    assert row is not None
    assert row["traits"] == {"plan": "gold"}
    assert row["events"][0]["properties"] == {"revenue": 0}
    assert "a@example.com" not in json.dumps(row)


def rows_of(count: int, size: int) -> list[dict[str, Any]]:
    return [{"profile_id": f"prf_{i}", "text": "x" * size} for i in range(count)]


def test_no_body_is_over_256_kb_and_no_row_is_lost() -> None:
    rows = rows_of(40, 30_000)
    made = list(portions("crm", "evt", "ProfilesChanged.v1", "2026-03-01T12:00:00.000Z", rows))
    assert len(made) > 5
    assert max(len(delivery.body()) for delivery in made) <= 256 * 1024
    assert max(len(delivery.text().encode()) for delivery in made) <= 262_144
    assert [row for delivery in made for row in delivery.rows] == rows


def test_the_same_cause_gives_the_same_ids_and_another_gives_others() -> None:
    def ids(sink: str, cause: str) -> list[str]:
        return [d.delivery_id for d in portions(sink, cause, "ProfilesChanged.v1", "t", rows_of(3, 90_000))]

    assert ids("crm", "a") == ids("crm", "a")
    assert len({*ids("crm", "a"), *ids("crm", "b"), *ids("erp", "a")}) == 3 * len(ids("crm", "a"))


def test_a_delivery_survives_the_queue_and_forgets_the_erased() -> None:
    (delivery,) = portions("crm", "evt", "ProfilesChanged.v1", "t", rows_of(2, 5))
    assert Delivery.from_text(delivery.text()) == delivery
    assert delivery.profiles() == {"prf_0", "prf_1"}
    left = delivery.without({"prf_0"})
    assert left is not None
    assert (left.profiles(), left.delivery_id) == ({"prf_1"}, delivery.delivery_id)
    assert delivery.without({"prf_0", "prf_1"}) is None
