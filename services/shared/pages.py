"""The shell of every public page: plain HTML that works without script, with nothing from elsewhere.

Colours keep a contrast of 4.5 to 1 or more on white (WCAG 2.2, 1.4.3), and what has the keyboard's focus shows it, in
sight as a whole (of a date also its button, for which browsers do not match `:focus-visible`).
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from string import Template

_SHELL = Template(
    """<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<style>
html{scroll-padding:1.25rem}
body{font:1.125rem/1.6 system-ui,sans-serif;color:#1a1a1a;background:#fff;margin:0}
main{max-width:36rem;margin:0 auto;padding:3rem 1.25rem}
h1{font-size:1.6rem;line-height:1.25}
a{color:#0b5394}
blockquote{margin:1.5rem 0;padding:0 0 0 1rem;border-left:.25rem solid #767676}
fieldset{margin:2rem 0;padding:.5rem 1.25rem 1.25rem;border:.0625rem solid #767676;border-radius:.4rem}
legend{font-weight:600;padding:0 .5rem}
label{display:block;font-weight:600;margin-top:1rem}
label.box{display:flex;gap:.75rem;align-items:flex-start}
label.box input{flex:none;width:1.4rem;height:1.4rem;margin-top:.2rem}
.hint{color:#595959;margin:.25rem 0}
.error{color:#a61b1b;font-weight:600;margin:.25rem 0}
.summary{border:.2rem solid #a61b1b;border-radius:.4rem;padding:0 1.25rem}
input,select{font:inherit;box-sizing:border-box;width:100%;padding:.5rem}
input,select{border:.0625rem solid #595959;border-radius:.4rem}
button{font:inherit;font-weight:600;color:#fff;background:#0b5394;border:0;border-radius:.4rem;padding:.75rem 1.5rem}
header,footer{max-width:36rem;margin:0 auto;padding:1.25rem 1.25rem 0}
footer{padding-bottom:2rem;border-top:.0625rem solid #767676}
header img{max-width:100%;max-height:5rem}
:focus-visible,input:focus-within{outline:.2rem solid #1a1a1a;outline-offset:.2rem}
</style>
</head>
<body>
<main>
<h1>$title</h1>
$body
</main>
</body>
</html>
"""
)


def page(language: str, title: str, body: str) -> str:
    """A whole page: `language` is its language tag and `title` its text; `body` is HTML."""
    return _SHELL.substitute(language=escape(language), title=escape(title), body=body)


@dataclass(frozen=True)
class Look:
    """What a firm adds to a page: rules of style, and HTML above it, under its title and below it."""

    style: str
    header: str
    intro: str
    footer: str


def dressed(plain: str, look: Look) -> str:
    """What `page` made, with the look of a firm."""
    head, _, rest = plain.partition("</style>")
    above, _, rest = rest.partition("<main>")
    title, _, rest = rest.partition("</h1>")
    body, _, below = rest.rpartition("</main>")
    return (
        f"{head}{look.style}\n</style>{above}{look.header}\n<main>{title}</h1>\n{look.intro}"
        f"{body}</main>\n{look.footer}{below}"
    )


def language_of(page: str) -> str:
    """The language tag of what `page` made."""
    return page.partition('<html lang="')[2].partition('"')[0]


def style_of(page: str) -> str:
    """The style of what `page` made, as it stands in it."""
    return page.partition("<style>")[2].partition("</style>")[0]
