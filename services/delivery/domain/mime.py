"""One e-mail as bytes: built by the standard library's SMTP policy, which refuses what could smuggle a header."""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from services.delivery.domain.templates.rendered import Rendered

# Python folds a long URL into encoded words, which breaks List-Unsubscribe; SMTP allows lines of 998 bytes.
_POLICY = SMTP.clone(max_line_length=980)


class NotAnEmail(ValueError):
    """An address or header can't stand in a message."""


def build_mime(*, sender: str, to: str, content: Rendered, at: datetime, unsubscribe_url: str = "") -> bytes:
    """The message as it goes out; with `unsubscribe_url` it carries RFC 8058's one-click headers.

    Raises:
        NotAnEmail: an address is not plain ASCII, or a header would break its line.
    """
    message = EmailMessage(policy=_POLICY)
    try:
        to.encode("ascii")
        message["From"] = sender
        message["To"] = Address(addr_spec=to)
        # Encoded words would be decoded here: a name could bring line breaks, and headers after them, past the check.
        message["Subject"] = content.subject.replace("=?", "= ?")
        message["Date"] = format_datetime(at)
        if unsubscribe_url:
            if any(c.isspace() or c in "<>" for c in unsubscribe_url):
                raise NotAnEmail("the unsubscribe link is not a URL")
            message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(content.text, cte="quoted-printable")
        if content.html:
            message.add_alternative(content.html, subtype="html", cte="quoted-printable")
        return message.as_bytes()
    except NotAnEmail:
        raise
    except Exception as error:  # the e-mail package raises whatever its header parser meets
        raise NotAnEmail(type(error).__name__) from error
