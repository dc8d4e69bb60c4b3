"""MJML to HTML by mrml, which only the functions carry that take templates."""

from __future__ import annotations

import re

from services.shared.errors import Invalid

DEEPEST = 60
"""Elements within one another: the compiler works by recursion, and a stack that is full ends the process."""

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_HELD = re.compile(r"LIQUID(\d+)HELD")
_ELEMENT = re.compile(r"<(/?)[a-zA-Z][^<>]*?(/?)>", re.DOTALL)
_DECLARED = re.compile(r"<[!?](?!--)")


def compile_mjml(path: str, source: str) -> str:
    """The HTML of an MJML source; what is Liquid in it stays as it is.

    Raises:
        Invalid: `mjml_syntax`, naming `path` and the mistake.
    """
    import mrml

    kept: list[str] = []

    def hold(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"LIQUID{len(kept) - 1}HELD"

    if _HELD.search(source):
        raise Invalid("mjml_syntax", f"{path}: LIQUID…HELD is what stands for Liquid while it is compiled")
    if any(source.rfind(opens) > source.rfind(closes) for opens, closes in (("{{", "}}"), ("{%", "%}"))):
        raise Invalid("mjml_syntax", f"{path}: a tag of Liquid is not closed")
    held = _LIQUID.sub(hold, source)
    if _DECLARED.search(held) or _depth(held) > DEEPEST:
        raise Invalid("mjml_syntax", f"{path}: nested too deeply, or with a declaration")
    try:
        html = mrml.to_html(held).content
    except OSError as error:
        raise Invalid("mjml_syntax", f"{path}: {str(error)[:200]}") from error
    return _HELD.sub(lambda match: kept[int(match[1])], html)


def _depth(source: str) -> int:
    deepest = depth = 0
    for closes, alone in _ELEMENT.findall(source):
        depth += -1 if closes else 0 if alone else 1
        deepest = max(deepest, depth)
    return deepest
