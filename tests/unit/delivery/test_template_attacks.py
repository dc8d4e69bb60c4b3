"""150 attacks on templates and by what is put into them, each with its verdict.

`syntax`, `unsafe`, `error`: refused when the template is kept, by that code. `stopped`: kept, but the message is
skipped. `harmless`: rendered, without what the attacker wanted (`never`: nothing of it may be in what is shown).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

import pytest

from services.delivery.domain.templates.contexts import leads_astray
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.rendered import NotRenderable
from services.delivery.domain.templates.rendering import check, render
from services.shared.errors import Invalid
from tests.unit.delivery.test_template import mime

DOTS = "." * 2
SCRIPT = "<script>alert(1)</script>"


@dataclass(frozen=True)
class Attack:
    """`source` stands in `part`; `x` is what comes from outside."""

    source: str
    verdict: str
    x: Any = None
    never: tuple[str, ...] = ("<script", "onerror=a", "javascript:", "Bcc:")
    part: str = "html"
    more: dict[str, Any] = field(default_factory=dict)


def attacks() -> list[Attack]:
    return [*RUNNING_AWAY, *REACHING_CODE, *OUT_OF_PLACE, *IN_VALUES, *IN_LINKS, *IN_TEXT]


_GROW = "{% assign s = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' %}"
RUNNING_AWAY = [
    Attack("{{ (1" + DOTS + "100000000) | join: 'x' }}", "syntax"),
    Attack("{% for i in (1" + DOTS + "n) %}x{% endfor %}", "syntax"),
    Attack("{% tablerow i in (1" + DOTS + "999999999) %}x{% endtablerow %}", "syntax"),
    Attack("{% assign r = (1" + DOTS + "9) %}{{ r }}", "syntax"),
    Attack("{% liquid\n for i in (1" + DOTS + "9)\n echo i\n endfor %}", "syntax"),
    Attack("{% if (1" + DOTS + "9) contains 5 %}x{% endif %}", "syntax"),
    Attack(
        "{% for a in x %}{% for b in x %}{% for c in x %}y{% endfor %}{% endfor %}{% endfor %}",
        "stopped",
        ["a"] * 30,
    ),
    Attack("{% for a in x %}y{% endfor %}", "stopped", ["a"] * 1_001),
    Attack("{% tablerow a in x %}{% for b in x %}y{% endfor %}{% endtablerow %}", "stopped", ["a"] * 40),
    Attack("{% for a in x %}{{ y }}{% endfor %}", "stopped", ["a"] * 900, more={"y": "z" * 1_000}),
    Attack(_GROW + "{% assign s = s | append: s %}" * 20, "error"),
    Attack(_GROW + "{% assign s = s | prepend: s %}" * 20, "error"),
    Attack("{% capture s %}" + "a" * 60_000 + "{% endcapture %}{{ s }}{{ s }}{{ s }}{{ s }}", "error"),
    Attack("{% assign n = 99999999 %}" + "{% assign n = n | times: n %}" * 12 + "{{ n }}", "error"),
    Attack("{{ x | replace: '', x | replace: '', x }}", "stopped", "a" * 5_000),
    Attack("{{ x | replace: 'a', x }}", "stopped", "a" * 2_000),
    Attack("{{ x | replace_first: 'a', x | replace: 'a', x }}", "stopped", "a" * 1_000),
    Attack("{{ x | join: y }}", "stopped", ["a"] * 900, more={"y": "z" * 1_000}),
    Attack("{{ x | split: '' | join: x }}", "stopped", "a" * 5_000),
    Attack("{{ x }}", "stopped", "a" * 20_001),
    Attack("{{ x.y.z }}", "stopped", {"y": {"z": "a" * 20_001}}),
    Attack("{% if x %}" * 101 + "{% endif %}" * 101, "syntax"),
    Attack("{% for a in x %}" * 1_000 + "{% endfor %}" * 1_000, "syntax"),
    Attack("{% if x %}" * 5_000, "syntax"),
    Attack("{% case x %}{% when 1 %}" * 300 + "{% endcase %}" * 300, "syntax"),
    Attack("{{ 1 | divided_by: 0 }}", "error"),
    Attack("{{ 1 | modulo: 0 }}", "error"),
    Attack("{{ 10 | divided_by: x }}", "error", 0),
    Attack("{{ 'a' | truncate: 999999999999999999999 }}", "harmless"),
    Attack("{{ x | slice: 0, 999999999999 }}", "harmless", "abc"),
    Attack("{{ 'now' | date: '%999999999d' }}", "harmless"),
    Attack("{{ x | date: x }}", "harmless", "%Y" * 4_000),
    Attack("{% tablerow a in x cols:0 %}y{% endtablerow %}", "harmless", ["a"]),
    Attack("{% cycle 'a' %}" * 500, "harmless"),
    Attack("{{" * 40_000, "syntax"),
    Attack("{%" * 40_000, "syntax"),
    Attack("<!--" * 20_000, "unsafe"),
    Attack("<a " * 30_000, "unsafe"),
    Attack("<a " * 30_000 + ">", "unsafe"),
    Attack("<!--[if a]>" * 8_000 + "-->", "harmless"),
    Attack("{% increment n %}" * 500, "harmless"),
]
REACHING_CODE = [
    Attack("{% include 'secrets' %}", "syntax"),
    Attack("{% render 'secrets' %}", "syntax"),
    Attack("{% include x %}", "syntax", "/etc/passwd"),
    Attack("{% import os %}", "syntax"),
    Attack("{% extends 'a' %}", "syntax"),
    Attack("{% layout 'a' %}", "syntax"),
    Attack("{% macro 'a' %}{% endmacro %}", "syntax"),
    Attack("{% with a: 1 %}{% endwith %}", "syntax"),
    Attack("{{ x | safe }}", "syntax", SCRIPT),
    Attack("{% if x %}{{ x | safe }}{% endif %}", "syntax", SCRIPT),
    Attack("{{ x | raw }}", "syntax", SCRIPT),
    Attack("{{ x | system }}", "syntax"),
    Attack("{{ x | attr: '__class__' }}", "syntax"),
    Attack("{{ x | json }}", "syntax"),
    Attack("{{ x.__class__ }}", "harmless", "a", ("class",)),
    Attack("{{ x.__class__.__mro__ }}", "harmless", {"a": 1}, ("class", "object")),
    Attack("{{ x['__class__'] }}", "harmless", "a", ("class",)),
    Attack("{{ x.__init__.__globals__ }}", "harmless", "a", ("builtins",)),
    Attack("{{ x.upper }}", "harmless", "a", ("method", "A")),
    Attack("{{ x.keys }}", "harmless", {"a": "b"}, ("method", "dict")),
    Attack("{{ x.format }}", "harmless", "{0}", ("method",)),
    Attack("{{ x }}", "harmless", "{{ y }}", ("secret",), more={"y": "secret"}),
    Attack("{{ x }}", "harmless", "{% assign y = 1 %}", ("secret",), more={"y": "secret"}),
    Attack("{{ x | default: y }}", "harmless", "{{ y }}", ("secret",), more={"y": "secret"}),
    Attack("{{ x }}", "harmless", "{0.__class__}", ("class 'str",)),
    Attack("{{ x }}", "harmless", "%(y)s", ("secret",), more={"y": "secret"}),
    Attack("{{ x }}", "harmless", "${y} #{y} <%= y %>", ("secret", "<%"), more={"y": "secret"}),
    Attack("{{ environment }}{{ template }}{{ context }}{{ self }}", "harmless", None, ("Environment", "0x")),
    Attack("{{ forloop }}{% for i in x %}{{ forloop }}{% endfor %}", "harmless", ["a"], ("0x", "object at")),
    Attack("{% if %}", "syntax"),
    Attack("{% for i in x %}", "syntax"),
    Attack("{{ x", "syntax"),
    Attack("{% unknown %}", "syntax"),
    Attack("{{ x | }}", "syntax"),
]
OUT_OF_PLACE = [
    Attack("<script>{{ x }}</script>", "unsafe"),
    Attack("<script>var a = 1</script>", "unsafe"),
    Attack("<SCRIPT SRC='https://e.example/x.js'></SCRIPT>", "unsafe"),
    Attack("<style>a { color: {{ x }} }</style>", "unsafe"),
    Attack("<p style='color: {{ x }}'>a</p>", "unsafe"),
    Attack("<a href={{ x }}>a</a>", "unsafe"),
    Attack("<a {{ x }}>a</a>", "unsafe"),
    Attack("<a {{ x }}='b'>a</a>", "unsafe"),
    Attack("<{{ x }}>a", "unsafe"),
    Attack("<a{{ x }} href='https://a.example'>a</a>", "unsafe"),
    Attack("a</{{ x }}>", "unsafe"),
    Attack("<!-- {{ x }} -->", "unsafe"),
    Attack("<!DOCTYPE {{ x }}>", "unsafe"),
    Attack("<?php {{ x }} ?>", "unsafe"),
    Attack("<a href='{{ x }}", "unsafe"),
    Attack("<p title=a{{ x }}>a</p>", "unsafe"),
    Attack("<img src='https://a.example/a.png' onerror='{{ x }}'>", "unsafe"),
    Attack("<img src=a onerror=alert(1)>", "unsafe"),
    Attack("<p ONCLICK='a()'>a</p>", "unsafe"),
    Attack("<iframe src='https://e.example'></iframe>", "unsafe"),
    Attack("<iframe srcdoc='{{ x }}'></iframe>", "unsafe"),
    Attack("<object data='{{ x }}'></object>", "unsafe"),
    Attack("<embed src='{{ x }}'>", "unsafe"),
    Attack("<base href='https://e.example/'>", "unsafe"),
    Attack("<svg><a xlink:href='{{ x }}'>a</a></svg>", "unsafe"),
    Attack("<svg:script>a</svg:script>", "unsafe"),
    Attack("<math><mi href='{{ x }}'>a</mi></math>", "unsafe"),
    Attack("<meta http-equiv='refresh' content='0;url={{ x }}'>", "unsafe"),
    Attack("<meta http-equiv='{{ x }}' content='a'>", "unsafe"),
    Attack("<img srcset='{{ x }} 2x'>", "unsafe"),
    Attack("<a href='javascript:alert(1)'>a</a>", "unsafe"),
    Attack("<a href='JaVaScRiPt:alert(1)'>a</a>", "unsafe"),
    Attack("<a href=' javascript:alert(1)'>a</a>", "unsafe"),
    Attack("<a href='java&#9;script:alert(1)'>a</a>", "unsafe"),
    Attack("<a href='java\nscript:alert(1)'>a</a>", "unsafe"),
    Attack("<a href='&#106;avascript:alert(1)'>a</a>", "unsafe"),
    Attack("<img src='data:text/html;base64,PHNjcmlwdD4='>", "unsafe"),
    Attack("<a href='vbscript:a'>a</a>", "unsafe"),
    Attack("<a href='file:///etc/passwd'>a</a>", "unsafe"),
    Attack("<form action='javascript:a()'></form>", "unsafe"),
    Attack("<p>\ue000</p>", "unsafe"),
    Attack("<!--[if mso]><a href={{ x }}>a</a><![endif]-->", "unsafe"),
    Attack("<a href={% echo x %}>a</a>", "unsafe"),
    Attack("<a href={% cycle x, y %}>a</a>", "unsafe"),
    Attack("<a href={% liquid echo x %}>a</a>", "unsafe"),
]
_A = "<a href='{{ x }}'>a</a>"
_P = "<p>{{ x }}</p>"
IN_VALUES = [
    Attack(_P, "harmless", SCRIPT),
    Attack(_P, "harmless", "<img src=x onerror=alert(1)>", ("<img",)),
    Attack(_P, "harmless", "</p><iframe src=//e.example>", ("<iframe",)),
    Attack(_P, "harmless", "<!--", ("<!--",)),
    Attack(_P, "harmless", "]]><script>", ("<script",)),
    Attack(_P, "harmless", ["<b>", SCRIPT], ("<b>", "<script")),
    Attack(_P, "harmless", {"a": SCRIPT}),
    Attack("<p title='{{ x }}'>a</p>", "harmless", "' onmouseover='a()", ("' onmouseover",)),
    Attack('<p title="{{ x }}">a</p>', "harmless", '" onmouseover="a()', ('" onmouseover',)),
    Attack("<textarea>{{ x }}</textarea>", "harmless", "</textarea><script>"),
    Attack("<title>{{ x }}</title>", "harmless", "</title><script>"),
    Attack("{{ x | escape_once }}", "harmless", SCRIPT),
    Attack("{{ x | url_decode }}", "harmless", "%3Cscript%3E"),
    Attack("{{ x | base64_decode }}", "harmless", "PHNjcmlwdD4="),
    Attack("{{ x | newline_to_br }}", "harmless", f"a\n{SCRIPT}"),
    Attack("{{ x | strip_html }}", "harmless", "<scr<b>ipt>alert(1)</script>"),
    Attack("{{ x | replace: 'LT', '<' }}", "harmless", "LTscript>"),
    Attack("{{ x | split: '' | join: '' }}", "harmless", SCRIPT),
    Attack("{{ x | append: '<b>' }}", "harmless", SCRIPT),
    Attack("{% capture c %}{{ x }}{% endcapture %}{{ c }}", "harmless", SCRIPT),
    Attack("{% assign c = x | upcase | downcase %}{{ c }}", "harmless", SCRIPT),
    Attack("{% for a in x %}{{ a }}{% endfor %}", "harmless", [SCRIPT]),
    Attack(_P, "harmless", "\u202egpj.exe", ("\u202e",)),
    Attack(_P, "harmless", "a\x00b\x08c", ("\x00", "\x08")),
    Attack(_P, "harmless", "\ud800\udfff", ("\ud800",)),
    Attack(_P, "harmless", "\ufeff\u2028\u2029", ("\u2028", "\ufeff")),
    Attack(_P, "harmless", "＜script＞"),
]
IN_LINKS = [
    Attack(_A, "harmless", "javascript:alert(1)"),
    Attack(_A, "harmless", " \t\nJavaScript:alert(1)", ("cript:",)),
    Attack(_A, "harmless", "java\tscript:alert(1)", ("script:",)),
    Attack(_A, "harmless", "java\u200bscript:alert(1)", ("script:",)),
    Attack(_A, "harmless", "&#106;avascript:alert(1)", ("'&#106;", "javascript:")),
    Attack(_A, "harmless", "data:text/html,<script>", ("data:",)),
    Attack(_A, "harmless", "vbscript:msgbox", ("vbscript",)),
    Attack(_A, "harmless", "blob:https://e.example/1", ("blob:",)),
    Attack(_A, "harmless", "file:///etc/passwd", ("file:",)),
    Attack(_A, "harmless", "ftp://e.example", ("ftp:",)),
    Attack(_A, "harmless", "intent://x#Intent;end", ("intent:",)),
    Attack(_A, "harmless", "https://a.example/' onclick='a()", ("' onclick",)),
    Attack("<a href='{{ x }}{{ y }}'>a</a>", "harmless", "java", ("script:",), more={"y": "script:a()"}),
    Attack("<a href='java{{ x }}'>a</a>", "harmless", "script:a()", ("script:",)),
    Attack("<img src='{{ x.y }}' alt=''>", "harmless", {"y": "javascript:a()"}),
    Attack("{% for u in x %}<a href='{{ u }}'>a</a>{% endfor %}", "harmless", ["javascript:a()"]),
    Attack('<td background="{{ x }}">a</td>', "harmless", "javascript:a()"),
]
_TEXT = "{{ x }}."
IN_TEXT = [
    Attack(_TEXT, "harmless", "Hi\r\nBcc: eve@example.com", ("\r", "\n"), "subject"),
    Attack(_TEXT, "harmless", "Hi\nContent-Type: text/html", ("\n",), "subject"),
    Attack(_TEXT, "harmless", "Hi\u2028Bcc: eve@example.com", ("\u2028",), "subject"),
    Attack(_TEXT, "harmless", "Hi\x0b\x0c\x1c\x85Bcc", ("\x0b", "\x0c", "\x1c", "\x85"), "subject"),
    Attack(_TEXT, "harmless", "=?utf-8?q?=0D=0ABcc:_eve@example.com?=", ("\r", "\n"), "subject"),
    Attack("{{ x | newline_to_br }}", "harmless", "a\r\nBcc: e", ("\r", "\n"), "subject"),
    Attack("a{{ x | url_decode }}", "harmless", "%0d%0aBcc: e", ("\r", "\n"), "subject"),
    Attack(_TEXT, "harmless", "\u202etxet", ("\u202e",), "text"),
    Attack(_TEXT, "harmless", "a\x00\x1b[31m", ("\x00", "\x1b"), "text"),
    Attack("{{ x }}", "stopped", "", (), "text"),
    Attack("{{ x }}", "stopped", " \u2066\u200f".replace("\u200f", ""), (), "text"),
    Attack("{{ x | safe }}", "syntax", None, (), "text"),
]


def document(attack: Attack) -> TemplateDocument:
    email = {"subject": "s", "text": "t", "html": "<p>h</p>", attack.part: attack.source}
    return TemplateDocument.model_validate({"class": "service", "channels": {"email": email}})


@pytest.mark.parametrize("number", range(len(attacks())))
def test_an_attack_gets_its_verdict(number: int) -> None:
    attack = attacks()[number]
    written = document(attack)
    began = time.process_time()
    if attack.verdict in ("syntax", "unsafe", "error"):
        with pytest.raises(Invalid) as refused:
            check(written)
        assert refused.value.code == f"template_{attack.verdict}"
    else:
        check(written)
        values = {"x": attack.x, **attack.more}
        if attack.verdict == "stopped":
            with pytest.raises(NotRenderable):
                render(written, "email", values)
        else:
            _is_harmless(attack, getattr(render(written, "email", values), attack.part))
    assert time.process_time() - began < 2


def _is_harmless(attack: Attack, shown: str) -> None:
    for piece in attack.never:
        assert piece not in shown, attack
    if attack.part == "subject":
        mail = message_from_bytes(
            mime(content=render(document(attack), "email", {"x": attack.x})), policy=policy.default
        )
        assert mail["Bcc"] is None
        assert mail.get_content_type() == "multipart/alternative"


def test_there_are_as_many_attacks_as_promised() -> None:
    assert len({repr(attack) for attack in attacks()}) >= 150


@pytest.mark.parametrize(
    "url", ["https://a.example/?a=b:c", "/a:b", "#a:b", "?a=b:c", "mailto:a@b.example", ""]
)
def test_links_that_may_be_followed(url: str) -> None:
    assert not leads_astray(url)
