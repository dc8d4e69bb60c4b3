"""A proof on paper: one page of HTML that prints as it reads, without script and with nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from string import Template
from typing import Any

from services.consent.handlers.pages import spoken
from services.consent.handlers.proof_words import WORDS

_SHELL = Template(
    """<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<style>
body{font:1rem/1.5 Georgia,serif;color:#1a1a1a;background:#fff;margin:0}
main{max-width:46rem;margin:0 auto;padding:2.5rem 1.25rem}
h1{font-size:1.7rem;line-height:1.25}
h2{font-size:1.25rem;margin:2.25rem 0 .5rem;border-bottom:.0625rem solid #767676}
h3{font-size:1.05rem;margin:1.75rem 0 .5rem}
dl{display:grid;grid-template-columns:12.5rem 1fr;gap:.2rem 1rem;margin:0}
dt{color:#595959}
dd{margin:0;overflow-wrap:anywhere}
code,pre{font:.78rem/1.45 ui-monospace,monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;padding:.75rem}
blockquote{margin:.5rem 0;padding:0 0 0 1rem;border-left:.25rem solid #767676;white-space:pre-wrap}
section{break-inside:avoid}
.bad{color:#a61b1b;font-weight:700}
@media (max-width:40rem){dl{grid-template-columns:1fr}dd{margin:0 0 .4rem}}
@media print{@page{margin:18mm}main{max-width:none;padding:0}body{font-size:10.5pt}pre{background:none;padding:0}}
</style>
</head>
<body>
<main>
$body
</main>
</body>
</html>
"""
)

_EVIDENCE = (
    *("address", "ip", "user_agent", "locale", "page", "profile_ref", "reason", "document", "given_at"),
    *("provider_id", "template", "template_version", "sent_at"),
)
_CODES = frozenset(
    {"text_hash", "token_id", "request_id", "evidence_digest", "prev_hash", "hash", "address_key"}
)


class _Writer:
    """Writes the parts of one proof in one language."""

    def __init__(self, languages: str) -> None:
        self.language = spoken(languages)
        self._words = WORDS[self.language]

    def say(self, word: str) -> str:
        """Words, ready for HTML."""
        return escape(self._words[word])

    def facts(self, told: Mapping[str, Any]) -> str:
        """A list of what is known, by name; what is empty is left out."""
        rows = [
            f"<dt>{self.say(name)}</dt><dd>{_code(name, str(value))}</dd>"
            for name, value in told.items()
            if value
        ]
        return "\n".join(["<dl>", *rows, "</dl>"])

    def standing(self, proof: Mapping[str, Any]) -> str:
        """What is allowed now."""
        items = [
            f"<li>{escape(one['purpose'])}, {escape(one['channel'])}: "
            f"<strong>{self.say('granted_now' if one['state'] == 'granted' else 'revoked_now')}</strong> "
            f"{self.say('since')} {escape(one['at'])}</li>"
            for one in proof["states"]
        ]
        return f"<ul>{''.join(items)}</ul>" if items else f"<p>{self.say('none_now')}</p>"

    def entry(self, number: int, entry: Mapping[str, Any]) -> str:
        """One step, with all that proves it."""
        parts = [f"<h3>{number}. {self.say(entry['kind'])}</h3>", self.facts(self._what(entry))]
        if entry["text"]:
            lang = f' lang="{escape(entry["language"])}"' if entry["language"] else ""
            parts.append(f"<p>{self.say('text')}:</p><blockquote{lang}>{escape(entry['text'])}</blockquote>")
        if entry["evidence"] is None:
            parts.append(f"<p>{self.say('no_evidence')}</p>")
        parts.append(self.facts(self._where(entry)))
        verdict = "intact_yes" if entry["intact"] else "intact_no"
        bad = "" if entry["intact"] else ' class="bad"'
        parts.append(f"<p{bad}>{self.say('intact')}: {self.say(verdict)}</p>")
        return "\n".join(["<section>", *parts, "</section>"])

    def _what(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        named = ("at", "purpose", "channel", "basis", "until", "means", "form", "request_id", "token_id")
        about = ("text_version", "language", "text_hash")
        evidence = entry["evidence"] or {}
        return {
            **{name: entry.get(name) for name in named},
            **{name: evidence.get(name) for name in _EVIDENCE},
            **{name: entry[name] for name in about},
        }

    def _where(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        words = {name: Template(self._words[name]) for name in ("place_is", "anchor_is")}
        place = entry["anchored"]
        return {
            "evidence_digest": entry["evidence_digest"],
            "place": words["place_is"].substitute(entry),
            "prev_hash": entry["prev_hash"],
            "hash": entry["hash"],
            "anchor": words["anchor_is"].substitute(place, steps=len(place["path"]))
            if place
            else self._words["no_anchor"],
        }


def proof_page(proof: Mapping[str, Any], key: Mapping[str, str], languages: str) -> str:
    """The whole document; `key` is what its anchors are checked with (`key_id`, `public_key`)."""
    write = _Writer(languages)
    body = "\n".join(
        [
            f"<h1>{write.say('title')}</h1>",
            f"<p>{write.say('lead')}</p>",
            f"<h2>{write.say('about')}</h2>",
            write.facts(
                {
                    "address": _address(proof) or WORDS[write.language]["nobody"],
                    "address_key": proof["address_key"],
                    "made_at": proof["made_at"],
                }
            ),
            f"<h2>{write.say('now')}</h2>",
            write.standing(proof),
            f"<h2>{write.say('record')}</h2>",
            *(write.entry(number, entry) for number, entry in enumerate(proof["entries"], 1)),
            *_checking(write, proof, key),
        ]
    )
    return _SHELL.substitute(language=write.language, title=write.say("title"), body=body)


def _checking(write: _Writer, proof: Mapping[str, Any], key: Mapping[str, str]) -> Iterator[str]:
    yield f"<h2>{write.say('check')}</h2>\n<p>{write.say('check_lead')}</p>"
    steps = "".join(f"<li>{escape(step)}</li>" for step in proof["how_to_check"])
    yield f'<ol lang="en">{steps}</ol>'
    yield f"<h3>{write.say('key')}</h3>\n<p><code>{escape(key['key_id'])}</code></p>"
    yield f"<pre>{escape(key['public_key'])}</pre>"
    if proof["anchors"]:
        yield f"<h3>{write.say('anchors')}</h3>"
    for anchor in proof["anchors"]:
        signed = {name: anchor[name] for name in ("number", "at", "root", "prev_hash", "signature")}
        yield f"<pre>{escape(json.dumps(signed, indent=1))}</pre>"


def _address(proof: Mapping[str, Any]) -> str:
    found = [entry["evidence"]["address"] for entry in proof["entries"] if entry["evidence"]]
    return next((address for address in reversed(found) if address), "")


def _code(name: str, value: str) -> str:
    return f"<code>{escape(value)}</code>" if name in _CODES else escape(value)
