"""At which mailbox provider an address is, by its domain only: deliverability differs between them."""

from __future__ import annotations

import re
from collections.abc import Mapping

OTHER = "other"

_DOMAINS: Mapping[str, tuple[str, ...]] = {
    "gmail": ("gmail.com", "googlemail.com"),
    "yahoo": ("aol.com", "ymail.com", "rocketmail.com"),
    "apple": ("icloud.com", "me.com", "mac.com"),
    "gmx": ("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de"),
    "kpn": ("kpnmail.nl", "kpnplanet.nl", "planet.nl", "hetnet.nl", "telfort.nl", "xs4all.nl"),
    "ziggo": ("ziggo.nl", "home.nl", "upcmail.nl", "chello.nl", "casema.nl", "quicknet.nl"),
}
_BY_DOMAIN = {domain: name for name, domains in _DOMAINS.items() for domain in domains}
_IN_EVERY_COUNTRY = {
    "outlook": re.compile(r"(outlook|hotmail|live|msn)(\.[a-z]{2,3}){1,2}"),
    "yahoo": re.compile(r"yahoo(\.[a-z]{2,3}){1,2}"),
}


def mailbox_of(channel: str, address: str) -> str:
    """The provider's name, `other` where it is none of the large ones; empty for what is no e-mail."""
    if channel != "email":
        return ""
    domain = address.rpartition("@")[2].casefold()
    for name, pattern in _IN_EVERY_COUNTRY.items():
        if pattern.fullmatch(domain):
            return name
    return _BY_DOMAIN.get(domain, OTHER)
