"""Is this an address somebody can be reached at? Decided by syntax alone: the answer must not depend on who it is."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from services.shared.addresses import normalise_address
from services.shared.errors import Invalid

MAX_LENGTH = 320


def reachable(channel: str, raw: str) -> str:
    """The address to write to: an e-mail address with an ASCII local part, or a phone number in E.164.

    Raises:
        Invalid: `invalid_address`, without the address in the message.
    """
    try:
        if len(raw) > MAX_LENGTH:
            raise ValueError("address is too long")
        return _email(raw) if channel == "email" else normalise_address(channel, raw)
    except EmailNotValidError as error:
        raise Invalid("invalid_address", "address is not an e-mail address that can receive mail") from error
    except ValueError as error:
        raise Invalid("invalid_address", str(error)) from error


def _email(raw: str) -> str:
    checked = validate_email(raw.strip(" "), check_deliverability=False, allow_smtputf8=False)
    normal = normalise_address("email", checked.normalized)
    # Where the mail library reads a domain otherwise than our keys do, two mailboxes would share one key.
    if normal.rpartition("@")[2] != (checked.ascii_domain or "").lower():
        raise ValueError("address has a domain that can be read in two ways; give it in its xn-- form")
    return f"{checked.normalized.rpartition('@')[0]}@{checked.ascii_domain}"
