"""What marketers say of channels, what messages cost there, and the secrets by which receivers know us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from services.delivery.domain.channel_terms import read_terms
from services.delivery.domain.prices import LIST_PRICES, MOST_LISTS, PriceList
from services.delivery.ports.channels import PriceLists, TermsStore
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, NotFound

OVERLAP = timedelta(hours=24)
"""For how long the secret before signs as well."""

RECEIVERS = ("webhook", "wallet")


class ServeChannels:
    """The use cases of `/channels`; answers are JSON-ready. `secret` makes a channel's secret of a number."""

    def __init__(
        self,
        *,
        terms: TermsStore,
        price_lists: PriceLists,
        places: frozenset[str],
        secret: Callable[[str, int], str],
        clock: Clock,
    ) -> None:
        self._terms = terms
        self._price_lists = price_lists
        self._places = places
        self._secret = secret
        self._clock = clock

    def show(self) -> dict[str, Any]:
        """The document."""
        return self._terms.stored().model_dump(mode="json")

    def put(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the document.

        Raises:
            pydantic.ValidationError: a field breaks its rule.
            Invalid: `unsafe_url`.
        """
        terms = read_terms(dict(body), self._places)
        self._terms.put(terms)
        return terms.model_dump(mode="json")

    def prices(self) -> dict[str, Any]:
        """`{currency, lists}`, oldest first; what AWS asks for, where none was set."""
        lists = self._price_lists.price_lists()[0] or [LIST_PRICES]
        return {"currency": lists[0].currency, "lists": [_listed(one) for one in lists]}

    def put_prices(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a list of prices, instead of one from the same day on.

        Raises:
            pydantic.ValidationError: it breaks a rule.
            Conflict: `other_currency`, costs of two currencies do not add up; `too_many_lists`; `prices_changed`,
                somebody else set some at the same moment.
        """
        wanted = PriceList.model_validate(dict(body))
        known, revision = self._price_lists.price_lists()
        others = [one for one in known if one.since != wanted.since]
        if others and others[0].currency != wanted.currency:
            raise Conflict("other_currency", f"the other lists are in {others[0].currency}")
        if len(others) >= MOST_LISTS:
            raise Conflict("too_many_lists", f"{MOST_LISTS} lists at most")
        lists = sorted([*others, wanted], key=lambda one: one.since)
        if not self._price_lists.put_price_lists(lists, revision):
            raise Conflict("prices_changed", "prices were set meanwhile")
        return _listed(wanted)

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


def _listed(prices: PriceList) -> dict[str, Any]:
    return {
        "since": prices.since.isoformat(),
        "currency": prices.currency,
        "channels": {name: float(price) for name, price in sorted(prices.channels.items())},
    }
