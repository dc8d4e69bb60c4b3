"""What marketers say of channels, and the secrets by which receivers know us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from services.delivery.domain.channel_terms import ChannelTerms, read_terms
from services.delivery.work_ports import TermsStore
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, NotFound

OVERLAP = timedelta(hours=24)
"""For how long the secret before signs as well."""

RECEIVERS = ("webhook", "wallet")


class ServeChannels:
    """The use cases of `/channels`; answers are JSON-ready. `secret` makes a channel's secret of a number."""

    def __init__(
        self, *, terms: TermsStore, places: frozenset[str], secret: Callable[[str, int], str], clock: Clock
    ) -> None:
        self._terms = terms
        self._places = places
        self._secret = secret
        self._clock = clock

    def show(self) -> dict[str, Any]:
        """The document."""
        return _shown(self._terms.stored())

    def put(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the document.

        Raises:
            pydantic.ValidationError: a field breaks its rule.
            Invalid: `unsafe_url`.
        """
        terms = read_terms(dict(body), self._places)
        self._terms.put(terms)
        return _shown(terms)

    def rotate(self, channel: str) -> dict[str, Any]:
        """The next secret of a receiver, which is shown here and nowhere else; the one before signs beside it for a
        day.

        Raises:
            NotFound: nobody is told in signed requests there.
            Conflict: somebody else rotated it at the same moment.
        """
        if channel not in RECEIVERS:
            raise NotFound("not_found", f"no receiver on {channel}")
        number = self._terms.generation(channel)[0] + 1
        until = to_iso(self._clock.now() + OVERLAP)
        if not self._terms.renew(channel, number, until):
            raise Conflict("secret_changed", f"the secret of {channel} was rotated meanwhile")
        return {"channel": channel, "secret": self._secret(channel, number), "previous_valid_until": until}


def _shown(terms: ChannelTerms) -> dict[str, Any]:
    return {**terms.model_dump(mode="json"), "prices": {n: float(p) for n, p in terms.prices.root.items()}}
