"""Table changes as Lambda hands them over: binary values are base64 text there."""

from __future__ import annotations

import base64

from services.shared.aws.records import changes


def test_binary_attributes_arrive_as_bytes_at_any_depth() -> None:
    text = base64.b64encode(b"\x00\xff").decode()
    image = {
        "pk": {"S": "a"},
        "seen": {"B": text},
        "list": {"L": [{"B": text}]},
        "map": {"M": {"x": {"B": text}}},
    }

    [change] = changes({"Records": [{"eventID": "1", "dynamodb": {"NewImage": image}}]})

    assert change.old is None
    assert change.new == {"pk": "a", "seen": b"\x00\xff", "list": [b"\x00\xff"], "map": {"x": b"\x00\xff"}}
