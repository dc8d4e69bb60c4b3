"""One normal form per address, so that every service means the same mailbox or phone by the same key."""

from __future__ import annotations

import re

from services.shared.ids import keyed_hash

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
"""What has no shape of its own (Unicode's default ignorables): hyphens, joiners, direction marks, fillers."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\U0010ffff]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PHONE = re.compile(r"[+\uff0b]?[\d\s().\-/]+")

PUSH_KINDS = ("apns", "apns_sandbox", "apns_voip", "gcm", "baidu", "adm")
_TOKEN = re.compile(r"[A-Za-z0-9_:.\-+/=]{8,900}")
_ENDPOINT = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:endpoint/[A-Za-z0-9_/.-]{1,200}")

MAX_LOCAL, MAX_DOMAIN = 64, 253
"""Octets, by RFC 5321."""


def visible(text: str) -> str:
    """`text` without the characters that nobody sees, at which two equal-looking identifiers could differ."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def normalise_email(raw: str) -> str:
    """Lower-case ASCII local part (dot-atom, RFC 6531), IDNA 2008 domain in ASCII. Nothing is folded that would let
    look-alikes merge: no NFKC, no NFC (which makes K of the Kelvin sign), no `ß` to `ss`.

    Raises:
        ValueError: there is no local part or no domain, or either is malformed.
    """
    local, _, domain = visible(raw).strip(" ").rpartition("@")
    if not _LOCAL.fullmatch(local) or any(c.isspace() for c in local) or len(local.encode()) > MAX_LOCAL:
        raise ValueError("email is not an address")
    return f"{_lower_ascii(local)}@{_ascii_domain(domain)}"


def _lower_ascii(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def _ascii_domain(domain: str) -> str:
    # A capital beyond ASCII has its small letter, unless that letter is an ASCII one (the Kelvin sign's is k).
    small = "".join(c if not c.isascii() and c.lower().isascii() else c.lower() for c in domain)
    if not small.isascii() or "xn--" in small:
        import idna  # few addresses need it, and not every process meets one

        try:
            small = idna.encode(small, strict=True).decode()
        except UnicodeError as error:
            raise ValueError("email has a domain that is not a host name") from error
    if len(small) > MAX_DOMAIN or not _HOST.fullmatch(small):
        raise ValueError("email has a domain that is not a host name")
    return small


def normalise_phone(raw: str, region: str = "") -> str:
    """E.164: a plus and up to 15 digits. A number without country code is read in `region` (ISO 3166, two letters).

    Raises:
        ValueError: it is no number with a country code, nor one that exists in `region`.
    """
    import phonenumbers  # 70 ms, paid by those who meet a phone

    text = visible(raw).strip()
    if not _PHONE.fullmatch(text):
        raise ValueError("phone is not in international form (+ and 8 to 15 digits)")
    if text.startswith("00"):
        text = f"+{text[2:]}"
    try:
        number = phonenumbers.parse(text, region.upper() or None)
    except phonenumbers.NumberParseException as error:
        raise ValueError("phone is not in international form (+ and 8 to 15 digits)") from error
    national = not text.startswith(("+", "\uff0b"))
    if national and not phonenumbers.is_valid_number_for_region(number, region.upper()):
        raise ValueError(f"phone is neither in international form nor a number of {region}")
    if not phonenumbers.is_possible_number(number):
        raise ValueError("phone is not in international form: no number is that long in its country")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def normalise_token(raw: str) -> str:
    """A device's push address: `apns:<token>`, `gcm:<token>` … (End User Messaging's channel types), or the ARN of an
    SNS platform endpoint.

    Raises:
        ValueError: it is none of them.
    """
    text = visible(raw).strip()
    kind, _, token = text.partition(":")
    if _ENDPOINT.fullmatch(text):
        return text
    if kind.lower() not in PUSH_KINDS or not _TOKEN.fullmatch(token):
        raise ValueError("push is neither a token with its kind (apns:…, gcm:…) nor an endpoint")
    return f"{kind.lower()}:{token}"


def normalise_address(channel: str, raw: str) -> str:
    """The normal form of an address on `channel`: of `print` the lines street, postal code, city and country (`;` ends
    a line as well), of `wallet` and `webhook` the name by which the other side knows the person.

    Raises:
        ValueError: it is no address of that channel.
    """
    if channel == "email":
        return normalise_email(raw)
    if channel in ("sms", "call"):
        return normalise_phone(raw)
    if channel == "push":
        return normalise_token(raw)
    lines = re.split(r"[\n;]", raw) if channel == "print" else [raw]
    normal = "\n".join(line.strip() for line in lines)
    if not normal.strip():
        raise ValueError(f"{channel} has no address")
    return normal


def address_key(secret: str, channel: str, raw: str) -> str:
    """What stands for an address in consent and delivery: keyed, so the key alone reveals nobody.

    Raises:
        ValueError: it is no address of that channel.
    """
    normal = normalise_address(channel, raw)
    if channel == "print":
        normal = normal.casefold()  # a letter box is the same however its street is spelt
    return "adr_" + keyed_hash(secret, f"{channel}:{normal}")
