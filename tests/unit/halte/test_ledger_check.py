"""`halte consent verify`: whatever is done to a ledger or to a file of it is found, and it says so by its exit code."""

from __future__ import annotations

import base64
import io
import json
import random
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rich.console import Console

from halte import __main__ as command
from halte.ledger.checking import check
from halte.ledger.files import FileSource, write
from halte.ledger.findings import NotALedger, Report
from halte.ledger.signatures import checker
from services.consent.domain.ledger import SHARDS, Entry, Head, append, digest
from tests.support.ledgers import MemoryLedger, Signer, a_draft
from tests.support.thorough import EXHAUSTIVE

LENGTHS = (3, 2, 0, 1)


def silent(_: int) -> None:
    """Nobody watches."""


def run(*arguments: str | Path) -> tuple[int, str]:
    shown = io.StringIO()
    code = command.main(["consent", *map(str, arguments)], Console(file=shown, width=200))
    return code, shown.getvalue()


def file_of(ledger: MemoryLedger, folder: Path) -> Path:
    file = folder / "ledger.ndjson"
    with file.open("wb") as out:
        write(ledger, out, silent)
    return file


def checked(file: Path, text: bytes) -> bool:
    """Was something found?"""
    file.write_bytes(text)
    try:
        return not check(FileSource(file), silent).intact
    except NotALedger:
        return True


def kinds(report: Report) -> set[str]:
    return {problem.kind for problem in report.problems}


def test_a_ledger_and_its_file_are_intact(tmp_path: Path) -> None:
    ledger = MemoryLedger.appended([40] * SHARDS)
    report = check(ledger, silent)
    assert report.intact
    assert (report.entries, report.shards, report.anchors) == (640, 16, 3)
    assert report.uncovered == SHARDS * 4
    again = check(FileSource(file_of(ledger, tmp_path)), silent)
    assert again.document() == report.document()


def test_a_signature_that_is_written_in_another_way_is_none() -> None:
    """Before the padding of base64 some bits say nothing: with them set, the same bytes are read."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    signed, _ = checker(pem)
    signature = ""
    while not signature.endswith("="):  # their length differs
        signature = base64.b64encode(private.sign(b"head", ec.ECDSA(hashes.SHA256()))).decode()
    text, padding = signature.rstrip("="), "=" * signature.count("=")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = f"{text[:-1]}{letters[letters.index(text[-1]) + 1]}{padding}"
    assert base64.b64decode(other, validate=True) == base64.b64decode(signature)
    assert (signed(b"head", signature), signed(b"head", other)) == (True, False)


@pytest.mark.capability("003-23")
def test_every_byte_of_a_file_counts(tmp_path: Path) -> None:
    """Each byte of each kind of line (key, anchor, head, entry), turned into another letter, dropped and doubled."""
    file = file_of(MemoryLedger.appended(LENGTHS, (0.9,)), tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    starts = {}
    for n, line in enumerate(lines):
        starts[line.split(b'"')[1]] = n  # the last line of each kind
    assert set(starts) == {b"key", b"anchor", b"head", b"entry"}
    steps = dict.fromkeys(starts, 1) if EXHAUSTIVE else {b"key": 11, b"anchor": 41, b"head": 7, b"entry": 7}
    for kind, n in starts.items():
        before, line, after = b"".join(lines[:n]), lines[n], b"".join(lines[n + 1 :])
        assert not checked(file, before + line + after)
        for position in range(0, len(line), steps[kind]):
            byte = line[position : position + 1]
            other = b"1" if byte != b"1" else b"2"
            for changed in (other, b"", byte * 2):
                spoilt = line[:position] + changed + line[position + 1 :]
                assert checked(file, before + spoilt + after), (kind, position, changed)


Harm = Callable[[list[Entry], int], list[Entry]]


def edited(name: str) -> Harm:
    def harm(chain: list[Entry], n: int) -> list[Entry]:
        value = getattr(chain[n], name)
        other = value + 1 if isinstance(value, int) else f"{value}x"
        return [*chain[:n], replace(chain[n], **{name: other}), *chain[n + 1 :]]

    return harm


def edited_and_hashed_again(chain: list[Entry], n: int) -> list[Entry]:
    entry = replace(chain[n], means="other")
    return [*chain[:n], replace(entry, hash=digest(entry)), *chain[n + 1 :]]


def rewritten_from_here(chain: list[Entry], n: int) -> list[Entry]:
    made = list(chain[:n])
    head = Head(chain[0].shard, made[-1].seq, made[-1].hash) if made else Head(chain[0].shard)
    for m in range(n, len(chain)):
        made.append(append(head, replace(a_draft(chain[0].shard, m), means="other")))
        head = Head(head.shard, made[-1].seq, made[-1].hash)
    return made


HARMS: dict[str, Harm] = {
    **{f"edit of {field.name}": edited(field.name) for field in fields(Entry)},
    "edit, hashed again": edited_and_hashed_again,
    "rewritten from here": rewritten_from_here,
    "deleted": lambda chain, n: chain[:n] + chain[n + 1 :],
    "told twice": lambda chain, n: [*chain[: n + 1], *chain[n:]],
    "inserted": lambda chain, n: [
        *chain[:n],
        append(Head(chain[0].shard, n, "0" * 64), a_draft(0, n)),
        *chain[n:],
    ],
    "exchanged": lambda chain, n: [*chain[: n - 1], chain[n], chain[n - 1], *chain[n + 1 :]],
    "cut short": lambda chain, n: chain[:n],
    "forked": lambda chain, n: [*chain[: n + 1], replace(chain[n], means="other"), *chain[n + 1 :]],
    "from another shard": lambda chain, n: [*chain[:n], replace(chain[n], shard=5), *chain[n + 1 :]],
}


@pytest.fixture(scope="module")
def ten_thousand() -> MemoryLedger:
    return MemoryLedger.appended([0, 0, 0, 10_000], (0.25, 0.5, 0.9999))


@pytest.mark.capability("003-23")
def test_whatever_is_done_to_one_of_ten_thousand_entries_is_found(ten_thousand: MemoryLedger) -> None:
    """Some kinds of harm at a place each; EXHAUSTIVE: every kind at ten places."""
    whole = ten_thousand.chains[3]
    draw = random.Random(20261122)
    names = list(HARMS) if EXHAUSTIVE else draw.sample(list(HARMS), 4)
    missed = []
    try:
        for name in names:
            for _ in range(10 if EXHAUSTIVE else 1):
                place = draw.randrange(1, len(whole) - 1)
                ten_thousand.chains[3] = HARMS[name](whole, place)
                if check(ten_thousand, silent).intact:
                    missed.append((name, place))
    finally:
        ten_thousand.chains[3] = whole
    assert missed == []


@pytest.mark.parametrize("name", HARMS)
def test_every_kind_of_harm_is_found_at_every_place(name: str) -> None:
    ledger = MemoryLedger.appended([0, 0, 0, 20], (0.2, 0.5, 0.96))
    whole = ledger.chains[3]
    for place in range(1, len(whole) - 1):
        ledger.chains[3] = HARMS[name](whole, place)
        assert not check(ledger, silent).intact, place


@pytest.mark.capability("003-23")
def test_a_shard_rewritten_together_with_its_head_is_found_by_the_anchors() -> None:
    ledger = MemoryLedger.appended([0, 0, 0, 40])
    ledger.chains[3] = rewritten_from_here(ledger.chains[3], 10)
    ledger.heads[3] = Head(3, 40, ledger.chains[3][-1].hash)
    assert kinds(check(ledger, silent)) == {"rewritten"}
    ledger.chains[3], ledger.heads[3] = [], Head(3)
    assert kinds(check(ledger, silent)) == {"truncated"}


def test_a_ledger_that_is_forged_with_its_anchors_fails_by_the_key_that_was_known() -> None:
    """Somebody who writes everything anew has another key, and other anchors than were noted."""
    true, forged = MemoryLedger.appended(LENGTHS), MemoryLedger.appended(LENGTHS)
    assert check(forged, silent).intact
    assert kinds(check(forged, silent, public_key=true.signer.pem)) == {"unsigned"}
    known = {true.kept[1].number: true.kept[1].hash}
    assert check(true, silent, known=known).intact
    assert kinds(check(forged, silent, known=known)) == {"replaced"}
    assert kinds(check(true, silent, known={99: "0" * 64})) == {"replaced"}


def test_an_anchor_that_names_another_key_or_is_missing_is_found() -> None:
    ledger = MemoryLedger.appended(LENGTHS)
    other = ledger.signer.sign(replace(ledger.kept[0], key_id="another"))
    ledger.kept[0] = other
    assert {"unsigned", "unlinked"} <= kinds(check(ledger, silent))
    ledger = MemoryLedger.appended(LENGTHS)
    del ledger.kept[1]
    assert "missing" in kinds(check(ledger, silent))


@pytest.mark.parametrize("gone", ["head", "shard", "all entries", "half a line"])
def test_a_file_that_lacks_something_is_found(tmp_path: Path, gone: str) -> None:
    file = file_of(MemoryLedger.appended([2] * SHARDS), tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    heads = [n for n, line in enumerate(lines) if line.startswith(b'{"head"')]
    left = {
        "head": lines[: heads[4]] + lines[heads[4] + 1 :],
        "shard": lines[: heads[15]],
        "all entries": [line for line in lines if not line.startswith(b'{"entry"')],
        "half a line": [*lines[:-1], lines[-1][:40]],
    }[gone]
    assert checked(file, b"".join(left))


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"{}\n", b"[1]\n", b'{"key":{}}\n', b"\xff\xfe\n", b"[" * 9_000]
)
def test_what_is_no_ledger_is_refused(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "other"
    file.write_bytes(text)
    code, shown = run("verify", "--file", file)
    assert code == 2
    assert "first line" in shown


def test_the_command_says_what_it_found(tmp_path: Path) -> None:
    ledger = MemoryLedger.appended([40] * SHARDS)
    file = file_of(ledger, tmp_path)
    code, shown = run("verify", "--file", file)
    assert code == 0
    assert "640 entries in 16 shards, 3 anchors" in shown
    assert f"newest anchor 3 of 2026-01-04T00:00:00.000Z: {ledger.kept[2].hash}" in shown
    assert "64 entries came after it" in shown
    assert "intact:" in shown

    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:30] + lines[31:]))
    code, shown = run("verify", "--file", file)
    assert code == 1
    assert "not intact" in shown
    assert "missing" in shown


def test_the_command_takes_a_key_and_notes_from_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = MemoryLedger.appended(LENGTHS)
    file, key, other = file_of(ledger, tmp_path), tmp_path / "halte.pem", tmp_path / "other.pem"
    key.write_text(ledger.signer.pem)
    other.write_text(Signer().pem)
    noted = f"2={ledger.kept[1].hash}"
    assert run("verify", "--file", file, "--public-key", key, "--anchor", noted)[0] == 0
    assert run("verify", "--file", file, "--public-key", other)[0] == 1
    assert run("verify", "--file", file, "--anchor", f"2={'0' * 64}")[0] == 1
    assert run("verify", "--file", file, "--public-key", tmp_path / "none")[0] == 2
    assert run("verify", "--file", tmp_path / "none")[0] == 2
    capsys.readouterr()
    assert run("verify", "--file", file, "--json")[0] == 0
    told = json.loads(capsys.readouterr().out)
    assert told["intact"] is True
    assert told["newest_anchor"]["number"] == 3


@pytest.mark.parametrize("arguments", [["verify"], ["verify", "--anchor", "2"], ["export"], []])
def test_the_command_says_how_it_is_used(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(*arguments)
    assert "usage:" in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        run("verify", "--help")
    shown = capsys.readouterr().out
    assert "python -m halte consent verify --file ledger.ndjson --public-key halte.pem" in shown
    assert "Exit codes: 0" in shown
