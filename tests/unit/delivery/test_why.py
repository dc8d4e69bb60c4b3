"""Decision records in words: every gate and every reason there is has some, in English and in Dutch."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from services.delivery.domain import why_words as words
from services.delivery.domain.message import Message, Status
from services.delivery.domain.why import language_of, why
from services.shared.channels import CHANNELS

SOURCE = Path(__file__).parents[3] / "services" / "delivery"
TREES = {path: ast.parse(path.read_text()) for path in SOURCE.rglob("*.py")}
GATED = {"gate": 0, "_gate": 0, "Finding": 0, "_held": 1}
"""What writes down a gate, and in which of its arguments it is named."""

REASONED = {
    "Skip": 0,
    "Held": 0,
    "Retry": 0,
    "Refused": 0,
    "NotRenderable": 0,
    "Allowance": 1,
    "Finding": 2,
    "_held": 1,
}
"""What says why, and in which of its arguments."""

MESSAGE = Message(
    send_id="snd_1",
    template="news",
    channels=("email",),
    requested_at="2026-03-01T12:00:00.000Z",
    updated_at="2026-03-01T12:05:00.000Z",
    channel="email",
)


def calls() -> Iterator[ast.Call]:
    for tree in TREES.values():
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def constants() -> dict[str, str]:
    """Names of modules that stand for a text, alone or in a row."""
    found: dict[str, str] = {}
    for tree in TREES.values():
        for node in (one for one in tree.body if isinstance(one, ast.Assign)):
            for target in node.targets:
                names, values = (getattr(one, "elts", [one]) for one in (target, node.value))
                for name, value in zip(names, values, strict=False):
                    if (
                        isinstance(name, ast.Name)
                        and isinstance(value, ast.Constant)
                        and isinstance(value.value, str)
                    ):
                        found[name.id] = value.value
    return found


def name_of(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def text_of(node: ast.expr, known: dict[str, str]) -> list[str]:
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.Name) and node.id in known:
        return [known[node.id]]
    if isinstance(node, ast.Attribute) and node.attr in known:
        return [known[node.attr]]
    return []


def gates_in_source() -> set[str]:
    known, found = constants(), set[str]()
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "gate":
                        found.update(text_of(value, known))
    for call in calls():
        at = GATED.get(name_of(call))
        if at is not None and len(call.args) > at:
            found.update(text_of(call.args[at], known))
    return found


def reasons_in_source() -> set[str]:
    known, found = constants(), set[str]()
    for call in calls():
        name = name_of(call)
        if name in REASONED and len(call.args) > REASONED[name]:
            found.update(text_of(call.args[REASONED[name]], known))
        if name == "settled" and len(call.args) > 2:
            found.update(text_of(call.args[2], known))
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name in ("never", "_stopped"):
                returned = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value]
                branches = [getattr(value, side, value) for value in returned for side in ("body", "orelse")]
                texts = [one for one in branches if isinstance(one, ast.Constant)]
                found.update(str(one.value) for one in texts if re.fullmatch(r"[a-z_]+", str(one.value)))
    return found - {""}


def test_every_gate_and_every_reason_has_words() -> None:
    gates, reasons = gates_in_source(), reasons_in_source()

    assert {
        "address",
        "suppression",
        "consent",
        "pause",
        "quiet_hours",
        "cap",
        "content",
        "merge",
        "pace",
    } <= gates
    assert {"no_consent", "suppressed", "erased", "unknown_outcome", "moment_over", "merged"} <= reasons
    assert gates - words.GATE_WORDS.keys() == set()
    assert reasons - words.REASON_WORDS.keys() == set()
    assert set(CHANNELS) <= words.CHANNEL_WORDS.keys()
    assert set(get_args(Status)) == words.STATUS_WORDS.keys()


def test_no_sentence_asks_for_what_there_is_not() -> None:
    for sentences in words.GATE_WORDS.values():
        assert len(sentences) == len(words.LANGUAGES)
        for passes, stops in sentences:
            assert passes.format(channel="c", input="i") != stops.format(channel="c", input="i")
    for status in get_args(Status):
        for language in words.LANGUAGES:
            told = why(replace(MESSAGE, status=status, reason="no_consent"), language).summary
            assert told.endswith(".")
            assert "{" not in told


def gate(name: str, verdict: str, seen: str) -> dict[str, str]:
    return {"gate": name, "channel": "email", "input": seen, "verdict": verdict}


def test_why_not_in_both_languages() -> None:
    stopped = replace(
        MESSAGE,
        status="skipped",
        reason="no_consent",
        gates=(gate("address", "pass", "known"), gate("consent", "stop", "revoked cns_2")),
    )
    assert why(stopped, "en").summary == "Not sent: the person did not permit it."
    assert why(stopped, "en").gates == (
        "There is an address for e-mail.",
        "There is no permission for e-mail (revoked cns_2).",
    )
    assert why(stopped, "nl").summary == "Niet verstuurd: de persoon gaf er geen toestemming voor."
    assert why(stopped, "nl").gates[1] == "Er is geen toestemming voor e-mail (revoked cns_2)."


def test_what_became_of_it_in_order() -> None:
    sent = replace(
        MESSAGE,
        status="sent",
        attempts=2,
        possible_duplicate=True,
        marks={"opened": "2026-03-01T13:00:00.000Z", "delivered": "2026-03-01T12:06:00.000Z"},
    )
    assert why(sent, "en").summary == (
        "Sent by e-mail at 2026-03-01 12:05 UTC. The person may have had it twice: an answer was lost, and a service "
        "message is repeated once. Attempts: 2. Then: delivered, opened."
    )


def test_what_nobody_worded_is_told_as_it_stands() -> None:
    """A record of a later version, or a provider's own word."""
    strange = replace(
        MESSAGE, status="failed", reason="MessageRejected", gates=(gate("moon", "stop", "full"),)
    )
    assert why(strange, "en").summary == "Not sent: MessageRejected."
    assert why(strange, "nl").gates == ("moon: stop (full)",)


@pytest.mark.parametrize(
    ("asked", "language"),
    [("", "en"), ("nl", "nl"), ("nl-NL,en;q=0.5", "nl"), ("en", "en"), ("de", "en"), (" NL", "nl")],
)
def test_the_language_that_is_asked_for(asked: str, language: str) -> None:
    assert language_of(asked) == language
