"""Forged links: ten thousand of every class, and none is taken for one of ours (F42 for what a rotation leaves)."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from services.shared.errors import Invalid
from services.shared.tokens import PREFERENCES, UNSUBSCRIBE, key_id, sign, verify

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=60)
SECRETS = ("current-secret", "previous-secret")
USES = (PREFERENCES, UNSUBSCRIBE, "confirm", "new-address")
PER_CLASS = 10_000
HEX, BASE64 = "0123456789abcdef", string.ascii_letters + string.digits + "-_"

Forge = Callable[[random.Random, tuple[str, ...], str], str]


def claims_of(number: int) -> dict[str, str]:
    return {"channel": "email", "email_key": f"{number:032x}", "send_id": f"snd_{number}"}


@cache
def genuine(use: str) -> tuple[str, ...]:
    """Links of three people, under both keys."""
    return tuple(sign(secret, use, claims_of(n), LATER) for n in range(3) for secret in SECRETS)


def substituted(chance: random.Random, tokens: tuple[str, ...], use: str) -> str:
    """One to four characters are others of the same alphabet."""
    parts = chance.choice(tokens).split(".")
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(4)
        alphabet = (HEX, string.digits, BASE64, HEX)[place]
        at = chance.randrange(len(parts[place]))
        parts[place] = parts[place][:at] + chance.choice(alphabet) + parts[place][at + 1 :]
    return ".".join(parts)


def any_character(chance: random.Random, tokens: tuple[str, ...], use: str) -> str:
    """One character is any of Unicode's, among them digits of other scripts, controls and line breaks."""
    token = chance.choice(tokens)
    at = chance.randrange(len(token))
    return (
        token[:at]
        + chr(chance.choice([chance.randrange(0xD800), 0x660 + chance.randrange(10), 10, 13, 0]))
        + token[at + 1 :]
    )


def cut(chance: random.Random, tokens: tuple[str, ...], use: str) -> str:
    """A stretch is missing."""
    token = chance.choice(tokens)
    at = chance.randrange(len(token))
    return token[:at] + token[at + chance.randint(1, 20) :]


def lengthened(chance: random.Random, tokens: tuple[str, ...], use: str) -> str:
    """Something stands where nothing did."""
    token = chance.choice(tokens)
    at = chance.randrange(len(token) + 1)
    extra = "".join(chance.choices(BASE64 + ".=%+ \n", k=chance.randint(1, 20)))
    return token[:at] + extra + token[at:]


def recomposed(chance: random.Random, tokens: tuple[str, ...], use: str) -> str:
    """Parts of other people's links, and of links for other uses: other person, other purpose."""
    pool = [*tokens, *(one for other in USES if other != use for one in genuine(other))]
    return ".".join(chance.choice(pool).split(".")[place] for place in range(4))


def prolonged(chance: random.Random, tokens: tuple[str, ...], use: str) -> str:
    """The same link with another expiry."""
    kid, expiry, body, signature = chance.choice(tokens).split(".")
    return f"{kid}.{int(expiry) + chance.randint(1, 10**9)}.{body}.{signature}"


def reworded(chance: random.Random, tokens: tuple[str, ...], use: str) -> str:
    """The same link about somebody else."""
    kid, expiry, _, signature = chance.choice(tokens).split(".")
    text = json.dumps(claims_of(chance.randrange(3, 10**9)))
    return f"{kid}.{expiry}.{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}.{signature}"


def reencoded(chance: random.Random, tokens: tuple[str, ...], use: str) -> str:
    """The same bytes written otherwise: padding, the other alphabet, unused bits, capitals, zeros in front."""
    kid, expiry, body, signature = chance.choice(tokens).split(".")
    return chance.choice(
        [
            f"{kid}.{expiry}.{body}{'=' * chance.randint(1, 3)}.{signature}",
            f"{kid}.{expiry}.{body[:-1]}{chance.choice(BASE64)}.{signature}",
            f"{kid}.{expiry}.{body}.{signature.upper()}",
            f"{kid.upper()}.{expiry}.{body}.{signature}",
            f"{kid}.{'0' * chance.randint(1, 9)}{expiry}.{body}.{signature}",
            f"{kid}.+{expiry}.{body}.{signature}",
            f" {kid}.{expiry}.{body}.{signature}",
            f"{kid}.{expiry}.{body}.{signature}%0a",
        ]
    )


def signed_by_another(chance: random.Random, tokens: tuple[str, ...], use: str) -> str:
    """Somebody else's key, under our key's id."""
    forged = sign(f"guess-{chance.random()}", use, claims_of(0), LATER).split(".")
    return ".".join([key_id(chance.choice(SECRETS)), *forged[1:]])


def for_another_use(chance: random.Random, tokens: tuple[str, ...], use: str) -> str:
    """Genuine, and for something else."""
    other = chance.choice([one for one in USES if one != use])
    return sign(chance.choice(SECRETS), other, claims_of(chance.randrange(10**6)), LATER)


def retired(chance: random.Random, tokens: tuple[str, ...], use: str) -> str:
    """Genuine under a key that two rotations took out of use."""
    return sign("retired-secret", use, claims_of(chance.randrange(10**6)), LATER)


def made_up(chance: random.Random, tokens: tuple[str, ...], use: str) -> str:
    """Of the right shape, and nothing else."""
    body = "".join(chance.choices(BASE64, k=chance.randint(1, 200)))
    signature = "".join(chance.choices(HEX, k=64))
    return f"{key_id(chance.choice(SECRETS))}.{int(LATER.timestamp())}.{body}.{signature}"


CLASSES: list[Forge] = [
    substituted,
    any_character,
    cut,
    lengthened,
    recomposed,
    prolonged,
    reworded,
    reencoded,
    signed_by_another,
    for_another_use,
    retired,
    made_up,
]


def answer(use: str, token: str) -> str:
    try:
        verify(SECRETS, use, token, NOW)
    except Invalid as refused:
        return refused.code
    return "accepted"


@pytest.mark.parametrize("forge", CLASSES, ids=lambda forge: forge.__name__)
def test_of_ten_thousand_forgeries_none_is_accepted(forge: Forge) -> None:
    """Also none is refused as merely expired: that would tell its maker that the signature was right."""
    chance = random.Random(forge.__name__)
    tokens = {use: genuine(use) for use in USES}
    tried = 0
    while tried < PER_CLASS:
        use = USES[tried % len(USES)]
        token = forge(chance, tokens[use], use)
        if token in tokens[use]:
            continue
        tried += 1
        assert answer(use, token) == "token_invalid", (use, token)


def test_the_genuine_ones_are_accepted() -> None:
    """Without which the test above would be worth nothing."""
    assert {answer(use, token) for use in USES for token in genuine(use)} == {"accepted"}
