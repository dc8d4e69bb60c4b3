"""What people write back: a word that ends it, the word that confirms a request, or something else.

A word counts only when it is the whole message. "Please stop sending them on Mondays" ends nothing, and somebody has
to read it; STOP, `stop!` and `Stop.` are the same word.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass
from typing import Literal

STOP_WORDS = frozenset(
    {
        # What the provider itself obeys, and REVOKE and OPT OUT, which a regulator adds.
        *(
            "stop",
            "stop all",
            "stopall",
            "unsubscribe",
            "cancel",
            "end",
            "quit",
            "revoke",
            "opt out",
            "optout",
        ),
        *("remove", "arret"),
        # Dutch.
        *("stoppen", "afmelden", "afmelding", "meld af", "meld mij af", "meld me af", "uit", "uitschrijven"),
        *("einde", "opzeggen", "annuleren", "intrekken"),
    }
)
YES_WORDS = frozenset({"yes", "ja"})

CODE_LENGTH = 4
_ALPHABET = "ACDEFGHJKLMNPQRTUVWXY3479"
"""Letters and digits that nobody takes for another one."""

Meaning = Literal["stop", "yes", "other"]


@dataclass(frozen=True)
class Reply:
    """A message that came in: `reply_id` is the provider's, `subject` that of an e-mail."""

    channel: Literal["email", "sms"]
    address: str
    text: str
    reply_id: str
    subject: str = ""


@dataclass(frozen=True)
class Heard:
    """What a reply says; `code` belongs to `yes`."""

    meaning: Meaning
    code: str = ""


def hear(reply: Reply) -> Heard:
    """The one thing a reply says. Only a text message can confirm: the number it came from is what was asked."""
    said = plain(_first_paragraph(reply.text))
    if said in STOP_WORDS or (reply.channel == "email" and plain(reply.subject) in STOP_WORDS):
        return Heard("stop")
    first, _, rest = said.partition(" ")
    if reply.channel == "sms" and first in YES_WORDS and rest:
        return Heard("yes", rest.replace(" ", "").upper())
    return Heard("other")


def plain(text: str) -> str:
    """The words of a text: small letters and digits, without accents, signs or what nobody sees, a space between."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c if c.isalnum() else "" if _is_mark(c) else " " for c in letters)
    return " ".join(kept.split())


def reply_code(secret: str, request_id: str) -> str:
    """What confirms this request and no other, together with YES or JA, from the number that was asked."""
    number = int(hmac.new(secret.encode(), f"reply:{request_id}".encode(), hashlib.sha256).hexdigest(), 16)
    letters = []
    for _ in range(CODE_LENGTH):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters)


def reply_word(secret: str, request_id: str, language: str) -> str:
    """What to write back, in the language of the request: `JA K7QF`."""
    return f"{'JA' if language.startswith('nl') else 'YES'} {reply_code(secret, request_id)}"


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me", "Cf")


def _first_paragraph(text: str) -> str:
    """What somebody wrote above what they quote or sign with."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        if not line.strip() or line.lstrip().startswith(">"):
            break
        lines.append(line)
    return " ".join(lines)
