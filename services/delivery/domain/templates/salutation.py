"""How a person is addressed: by title only where it is sure, else by name, else by neither."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SURE = 0.9
"""How reliable a gender must be that somebody worked out (`genderReliability`, 0 to 1); one that a person or a source
states has no such figure and is taken at its word."""

_WORDS: Mapping[str, tuple[str, str, str, str]] = {
    "en": ("Dear Mr {last}", "Dear Ms {last}", "Dear {name}", "Hello"),
    "nl": ("Geachte heer {last}", "Geachte mevrouw {last}", "Beste {name}", "Goedendag"),
    "de": ("Sehr geehrter Herr {last}", "Sehr geehrte Frau {last}", "Guten Tag {name}", "Guten Tag"),
    "fr": ("Bonjour Monsieur {last}", "Bonjour Madame {last}", "Bonjour {name}", "Bonjour"),
    "es": ("Estimado señor {last}", "Estimada señora {last}", "Hola, {name}", "Hola"),
}
"""By language: a man, a woman, anybody by name, anybody. Where a language is not known here, no title is used."""

_MALE = frozenset(
    {"m", "male", "man", "mr", "mister", "sir", "dhr", "heer", "de heer", "herr", "h", "monsieur", "señor"}
)
_FEMALE = frozenset(
    {
        "f",
        "female",
        "woman",
        "mrs",
        "ms",
        "miss",
        "madam",
        "mevr",
        "mw",
        "mevrouw",
        "frau",
        "madame",
        "mme",
        "señora",
    }
    | {"v", "vrouw", "w", "weiblich"}
)
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'’\-]){0,39}")
_NOT_A_NAME = frozenset(
    {"test", "unknown", "onbekend", "none", "null", "nvt", "na", "user", "customer", "anonymous"}
)


def salutation(language: str, traits: Mapping[str, Any]) -> str:
    """The first words to a person of whom `traits` (`title`, `gender`, `genderReliability`, `firstName`, `lastName`)
    are known, in `language`. Contradictions, doubt and what is no name make it neutral."""
    man, woman, by_name, neutral = _WORDS.get(language, ("{name}", "{name}", "{name}", ""))
    first, last = _name(traits, "firstName", "first_name"), _name(traits, "lastName", "last_name")
    if last and language in _WORDS:
        gender = _gender(traits)
        if gender:
            return (man if gender == "m" else woman).format(last=last)
    name = " ".join(part for part in (first, last) if part) if first else ""
    return by_name.format(name=name) if name else neutral


def _gender(traits: Mapping[str, Any]) -> str:
    """`m`, `f`, or empty: not sure."""
    said = {_one(traits.get("title")), _one(traits.get("gender")) if _sure(traits) else ""} - {""}
    return said.pop() if len(said) == 1 else ""


def _one(value: Any) -> str:
    """An academic title or an unknown word says nothing; it is no contradiction."""
    word = value.strip().rstrip(".").casefold() if isinstance(value, str) else ""
    return "m" if word in _MALE else "f" if word in _FEMALE else ""


def _sure(traits: Mapping[str, Any]) -> bool:
    reliability = traits.get("genderReliability", 1)
    return isinstance(reliability, int | float) and reliability >= SURE


def _name(traits: Mapping[str, Any], *spellings: str) -> str:
    for spelling in spellings:
        value = traits.get(spelling)
        name = " ".join(value.split()) if isinstance(value, str) else ""
        if _NAME.fullmatch(name) and name.casefold() not in _NOT_A_NAME:
            return name.title() if name.isupper() and len(name) > 3 else name
    return ""
