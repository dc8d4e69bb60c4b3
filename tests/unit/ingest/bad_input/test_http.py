"""Bodies and headers as the HTTP layer may hand them over: who sent it, compressed how, cut off where."""

from __future__ import annotations

import base64
import gzip
import json
import zlib

import pytest

from tests.unit.ingest.bad_input.door import post

EVENT = json.dumps({"userId": "u", "event": "E", "messageId": "m"}).encode()
WITH_KEY = json.dumps({"userId": "u", "event": "E", "writeKey": "KEY"}).encode()


def basic(text: str | bytes) -> str:
    raw = text.encode() if isinstance(text, str) else text
    return "Basic " + base64.b64encode(raw).decode()


REFUSED: list[tuple[str, dict[str, str]]] = [
    ("no key at all", {}),
    ("empty", {"authorization": ""}),
    ("scheme alone", {"authorization": "Basic"}),
    ("scheme and blank", {"authorization": "Basic  "}),
    ("no colon, wrong key", {"authorization": basic("NOPE")}),
    ("wrong key", {"authorization": basic("NOPE:")}),
    ("key as password", {"authorization": basic(":KEY")}),
    ("key in small letters", {"authorization": basic("key:")}),
    ("key with a blank", {"authorization": basic("KEY :")}),
    ("key with NUL", {"authorization": basic("KEY\x00:")}),
    ("key in full width", {"authorization": basic("ＫＥＹ:")}),
    ("not base64", {"authorization": "Basic KEY:"}),
    ("base64 with junk", {"authorization": basic("KEY:") + "!"}),
    ("base64 without padding", {"authorization": "Basic S0VZOg="}),
    ("base64 for URLs", {"authorization": "Basic __8_"}),
    ("not UTF-8", {"authorization": basic(b"\xff\xfe:")}),
    ("not ASCII", {"authorization": "Basic ключ"}),
    ("bearer", {"authorization": "Bearer KEY"}),
    ("digest", {"authorization": 'Digest username="KEY"'}),
    ("two in one header", {"authorization": f"{basic('NOPE:')}, {basic('KEY:')}"}),
    ("very long", {"authorization": basic("K" * 100_000)}),
    ("injection", {"authorization": basic("' OR 1=1 --:")}),
    ("a hash of the key", {"authorization": basic("c48d0c0f1ba8a1a2c4ba3a5fc0e0a2d4:")}),
    ("wrong X-Write-Key", {"x-write-key": "NOPE"}),
    ("wrong secret in X-Write-Key", {"x-write-key": "KEY:NOPE"}),
    ("empty secret in X-Write-Key", {"x-write-key": "KEY:"}),
    ("wrong X-Write-Key beside a right one", {"x-write-key": "NOPE", "authorization": basic("KEY:")}),
    ("key under another name", {"x-api-key": "KEY"}),
    ("secret key in a web page", {"authorization": basic("SECRET:"), "origin": "https://shop.example"}),
    ("secret key in a sandboxed page", {"authorization": basic("SECRET:"), "origin": "null"}),
]


@pytest.mark.parametrize("headers", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_who_brings_no_key_is_refused(headers: dict[str, str]) -> None:
    said = post("track", EVENT, headers)
    assert said.status == 401
    assert said.code in {"no_write_key", "bad_write_key", "secret_key_in_browser"}


TAKEN: list[tuple[str, dict[str, str], bytes]] = [
    ("Basic", {"authorization": basic("KEY:")}, EVENT),
    ("Basic without colon", {"authorization": basic("KEY")}, EVENT),
    ("Basic with a password", {"authorization": basic("KEY:whatever")}, EVENT),
    ("small letters", {"authorization": basic("KEY:").replace("Basic", "basic")}, EVENT),
    ("capitals", {"authorization": basic("KEY:").replace("Basic", "BASIC")}, EVENT),
    ("blanks around", {"authorization": f"  {basic('KEY:')}  "}, EVENT),
    ("secret key", {"authorization": basic("SECRET:")}, EVENT),
    ("write key in a web page", {"authorization": basic("KEY:"), "origin": "https://shop.example"}, EVENT),
    ("X-Write-Key", {"x-write-key": "KEY"}, EVENT),
    ("X-Write-Key with an id", {"x-write-key": "ID:KEY"}, EVENT),
    ("in the body", {}, WITH_KEY),
    ("bearer, and in the body", {"authorization": "Bearer KEY"}, WITH_KEY),
    ("broken Basic, and in the body", {"authorization": "Basic !"}, WITH_KEY),
]


@pytest.mark.parametrize(("headers", "body"), [row[1:] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_each_way_to_bring_a_key(headers: dict[str, str], body: bytes) -> None:
    assert post("track", body, headers).status == 200


@pytest.mark.parametrize("key", [None, 7, True, "", [], ["KEY"], {"KEY": 1}, "NOPE", "KEY\n", " KEY"])
def test_a_key_in_the_body_is_text(key: object) -> None:
    assert post("track", json.dumps({"userId": "u", "event": "E", "writeKey": key}), {}).status == 401


@pytest.mark.parametrize(
    "label",
    [
        "application/json",
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "application/gzip",
        "multipart/form-data",
        "image/png",
        "",
    ],
)
@pytest.mark.parametrize("body", [EVENT, gzip.compress(EVENT)], ids=["plain", "gzip"])
def test_the_label_of_a_body_means_nothing(label: str, body: bytes) -> None:
    for coding in ("", "gzip", "identity", "br"):
        headers = {"x-write-key": "KEY", "content-type": label, "content-encoding": coding}
        assert post("track", body, headers).event["messageId"] == "m"


CUT = gzip.compress(EVENT)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"\x1f\x8b", "invalid_gzip"),
        (b"\x1f\x8b\x08", "invalid_gzip"),
        (b"\x1f\x8b" + EVENT, "invalid_gzip"),
        (CUT[:10], "invalid_gzip"),
        (CUT[:-1], "invalid_gzip"),
        (CUT[:-8], "invalid_gzip"),
        (CUT[:-8] + b"\x00" * 8, "invalid_gzip"),
        (CUT[:20] + b"\xff" * 10 + CUT[30:], "invalid_gzip"),
        (CUT + b"junk", "invalid_gzip"),
        (CUT + CUT, "invalid_gzip"),
        (gzip.compress(CUT), "invalid_json"),
        (gzip.compress(b""), "invalid_json"),
        (zlib.compress(EVENT), "invalid_json"),
        (b"PK\x03\x04" + EVENT, "invalid_json"),
        (b"\x28\xb5\x2f\xfd" + EVENT, "invalid_json"),
        ("\x1f\ufffd\b".encode(), "invalid_json"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[:6].hex(),
)
def test_broken_compression(body: bytes, code: str) -> None:
    said = post("track", body)
    assert (said.status, said.code) == (400, code)
