"""Commands that train response models and rank people by them."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from halte.analysis import checking, training
from halte.analysis.happenings import rows_of
from halte.analysis.showing import percent, progress, rated, table
from services.scoring.domain.analysis.response import ResponseModel
from services.shared.cells import neutral
from services.shared.errors import Invalid

EXAMPLES = """examples:
  python -m halte train-response --file calls.csv --target y=yes --rule poutcome=success --out model.json
  python -m halte train-response --file calls.csv --target y=yes --known-after pages="counted after the order"
  python -m halte rank-response --model model.json --file people.csv --id customer --out ranked.csv
"""
HELD_OUT = 0.3
SHOWN = 8
REASONS = 3


def add(commands: Any) -> None:
    """Adds the commands to a parser's."""
    train = commands.add_parser("train-response", help="a response model from people whose answer is known")
    train.add_argument("--target", type=_pair, required=True, help="COLUMN=VALUE: the answer")
    train.add_argument("--features", nargs="+", default=(), help="columns to learn from (default: all)")
    train.add_argument(
        "--known-after",
        type=_pair,
        nargs="+",
        default=(),
        help="COLUMN=REASON: known only after the answer, never to be learned from",
    )
    train.add_argument("--rule", type=_pair, help="COLUMN=VALUE: the rule to compare the best tenth with")
    train.add_argument("--name", default="response", help="of the model (default: response)")
    train.add_argument("--seed", type=int, default=1, help="which 30 %% of the rows are held out")
    train.add_argument("--out", type=Path, help="write the model to this JSON file")
    train.set_defaults(run=_train)
    rank = commands.add_parser(
        "rank-response", help="people by the probability that they answer, with reasons"
    )
    rank.add_argument("--model", type=Path, required=True, help="what train-response wrote")
    rank.add_argument("--id", default="id", help="the column that names a row (default: id)")
    rank.add_argument("--out", type=Path, required=True, help="write the ranking to this CSV file")
    rank.set_defaults(run=_rank)
    for command in (train, rank):
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        command.epilog = EXAMPLES
        command.add_argument("--file", type=Path, required=True, help="rows: CSV, Parquet or lines of JSON")
        command.set_defaults(endpoint_url=None)


def _pair(text: str) -> tuple[str, str]:
    column, found, value = text.partition("=")
    if not (column and found and value):
        raise argparse.ArgumentTypeError("COLUMN=VALUE")
    return column, value


def _train(options: argparse.Namespace, console: Console) -> int:
    target, wanted = options.target
    rows = list(rows_of(options.file))
    known_after = {**training.KNOWN_AFTER, **dict(options.known_after)}
    columns = list(rows[0]) if rows else []
    features = training.choose(columns, target, options.features, known_after)
    for name in columns:
        if name in known_after and not options.features:
            console.print(f"left out: {name}, {known_after[name]}", highlight=False)
    answers = [str(row[target]) == wanted for row in rows]
    learn, held = checking.hold_out(answers, HELD_OUT, options.seed)
    with progress(console) as bar:
        task = bar.add_task("Training", total=training.ROUNDS)
        model = training.train(
            options.name,
            f"{target}={wanted}",
            [rows[n] for n in learn],
            [answers[n] for n in learn],
            features,
            lambda done: bar.update(task, completed=done),
        )
    found = checking.check(model, [rows[n] for n in held], [answers[n] for n in held], options.rule)
    _show(found, options.rule, console)
    if options.out:
        trained = {"rows": len(learn), "held_out": len(held), "seed": options.seed}
        document = model.model_copy(update={"trained": {**trained, "area": round(found.area, 4)}}).document()
        options.out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        console.print(f"version {model.version} written to {options.out}", highlight=False)
    return 0


def _show(found: checking.Check, rule: tuple[str, str] | None, console: Console) -> None:
    shown = table("of the held-out", "people", "answered", "rate", "95 %")
    for what, share in (("everybody", found.everybody), ("the model's best tenth", found.top)):
        shown.add_row(what, f"{share.of:,}", f"{share.hits:,}", *rated(share))
    if rule and found.rule_hits is not None:
        rate = percent(found.rule_hits / found.top.of)
        shown.add_row(
            escape(f"as many, {'='.join(rule)} first"),
            f"{found.top.of:,}",
            f"{found.rule_hits:,.1f}",
            rate,
            "",
        )
    console.print(shown)
    console.print(f"Area under the curve {found.area:.3f}; of single features:", highlight=False)
    for one in found.singles[:SHOWN]:
        warning = "  [yellow]when does it become known? it may hold the answer[/]" if one.suspicious else ""
        console.print(f"  {one.area:.3f}  {escape(one.feature)}{warning}", highlight=False)


def _rank(options: argparse.Namespace, console: Console) -> int:
    model = _model(options.model)
    scored = [
        (model.score(row), _id(row, options.id, number), row)
        for number, row in enumerate(rows_of(options.file), start=1)
    ]
    people = sorted(scored, key=lambda one: (-one[0], one[1]))
    with options.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow((options.id, "probability", "model", "because"))
        for chance, person, row in people:
            reasons = [
                f"{part.feature} {part.value} {part.weight:+.2f}" for part in model.explain(row)[:REASONS]
            ]
            writer.writerow((neutral(person), f"{chance:.6f}", model.version, neutral("; ".join(reasons))))
    console.print(f"{len(people):,} people written to {options.out}", highlight=False)
    return 0


def _id(row: Mapping[str, Any], column: str, number: int) -> str:
    """What a row is called; without an id by its number."""
    value = row.get(column)
    return str(number) if value in (None, "") else str(value)


def _model(file: Path) -> ResponseModel:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return ResponseModel.read(document["name"], document)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid("wrong_model", f"{file}: {error}") from error
