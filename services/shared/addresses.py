"""One normal form per address, so that every service means the same mailbox or phone by the same key."""

from __future__ import annotations

import re

from services.shared.ids import keyed_hash

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_PHONE_NOISE = re.compile(r"[\s().\-/]")


def normalise_email(raw: str) -> str:
    """Lower-case ASCII local part, IDNA domain; never NFKC, which would let look-alikes merge.

    Raises:
        ValueError: there is no local part or no domain, or the domain has no IDNA form.
    """
    text = _INVISIBLE.sub("", raw).strip()
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or any(c.isspace() or ord(c) < 32 for c in text):
        raise ValueError("email is not an address")
    try:
        ascii_domain = domain.encode("idna").decode().lower()
    except UnicodeError as error:
        raise ValueError("email has a domain that is not a host name") from error
    folded = "".join(c.lower() if c.isascii() else c for c in local)
    return f"{folded}@{ascii_domain}"


def normalise_phone(raw: str) -> str:
    """E.164: a plus and 8 to 15 digits.

    Raises:
        ValueError: it is anything else (a national number has no meaning without its region).
    """
    text = _PHONE_NOISE.sub("", _INVISIBLE.sub("", raw))
    if text.startswith("00"):
        text = "+" + text[2:]
    if not re.fullmatch(r"\+[1-9][0-9]{7,14}", text):
        raise ValueError("phone is not in international form (+ and 8 to 15 digits)")
    return text


def normalise_address(channel: str, raw: str) -> str:
    """The normal form of an address on `channel` (`email` or `sms`); other channels keep it as it is.

    Raises:
        ValueError: it is no address of that channel.
    """
    if channel == "email":
        return normalise_email(raw)
    if channel == "sms":
        return normalise_phone(raw)
    return raw.strip()


def address_key(secret: str, channel: str, raw: str) -> str:
    """What stands for an address in consent and delivery: keyed, so the key alone reveals nobody.

    Raises:
        ValueError: it is no address of that channel.
    """
    return "adr_" + keyed_hash(secret, f"{channel}:{normalise_address(channel, raw)}")
