"""The little HTML that all pages are made of: tables that screen readers can walk, and the frame around a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

Cell = str | int


@dataclass(frozen=True)
class Link:
    """A cell that leads somewhere."""

    text: str
    to: str


_PAGES = (
    '<nav aria-label="Pages"><a href="/">Overview</a><a href="/people">People</a><a href="/journeys">Journeys</a>'
    '<a href="/segments">Segments</a><a href="/outbox">Outbox</a></nav>'
)
_STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:75rem;margin:0 auto;padding:1rem}
table{border-collapse:collapse;margin:1rem 0}caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{border:1px solid #8888;padding:.25rem .6rem;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}
iframe{width:100%;height:32rem;border:1px solid #8888;background:#fff}pre{white-space:pre-wrap;overflow-wrap:anywhere}
img{max-width:100%;background:#fff}.no{font-weight:700}nav a{margin-right:1rem}
figure{margin:1rem 0}figure svg{width:100%;height:3rem;fill:currentColor}
.wide{overflow-x:auto}.wide svg{background:#fff}
"""


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Cell | Link]]) -> str:
    """A table with a caption; the first cell of a row is its header, numbers are set right."""
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(_row(row) for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: Sequence[Cell | Link]) -> str:
    first, *rest = row
    cells = "".join(
        f'<td class="n">{value:,}</td>' if isinstance(value, int) else f"<td>{_text(value)}</td>"
        for value in rest
    )
    return f'<tr><th scope="row">{_text(first)}</th>{cells}</tr>'


def _text(value: Cell | Link) -> str:
    if isinstance(value, Link):
        return f'<a href="{escape(value.to)}">{escape(value.text)}</a>'
    return escape(str(value))


def page(title: str, body: str, *, every: int = 0, pages: bool = True) -> str:
    """A whole page, which loads itself anew `every` so many seconds (0: never; only where a reader asked for it), with
    the way to all other `pages`, unless it is a file of its own."""
    anew = f'<meta http-equiv="refresh" content="{every}">' if every else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} – Halte</title>{anew}'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head><body>'
        f"{_PAGES if pages else ''}<main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
