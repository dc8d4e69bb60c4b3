"""How many send decisions with their message one core makes a second, beside the bare template engine.

One decision is all that is pure between a request and its claim: the channel behind the gates of address, suppression
and consent, the person's wishes, what contact pressure allows, the products of a block, and a newsletter of some 12 KB
from MJML (subject, text, HTML, safe links). The floor is python-liquid alone, without limits, rendering the same three
sources of the same template with the same variables, which must come out the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from liquid import Environment

from benchmarks.results import Report, Result
from services.delivery.adapters.mjml import compile_mjml
from services.delivery.domain.choice import Ask, Choice, Standing, candidates, choose
from services.delivery.domain.contact import Contact
from services.delivery.domain.message import Message
from services.delivery.domain.pressure.gate import weigh
from services.delivery.domain.pressure.ledger import Bid, Ledger
from services.delivery.domain.pressure.policy import InForce, PressurePolicy
from services.delivery.domain.products import Listed, Product
from services.delivery.domain.tastes import Look, Taste
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.publishing import ready
from services.delivery.domain.templates.rendered import Rendered
from services.delivery.domain.wishes import heed
from services.delivery.use_cases.compose import Compose, locale_of
from services.delivery.use_cases.links import Made
from services.shared.clock import to_iso
from services.shared.permission import Permission

LEAST = 2_000.0
PEOPLE = 400
ROUNDS = 7
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNSUBSCRIBE = "https://api.example.com/consents/unsubscribe?token=" + "A" * 300
PREFERENCES = "https://api.example.com/preferences?token=" + "B" * 300

PRESSURE = InForce(
    PressurePolicy.model_validate(
        {
            "caps": [{"count": 3, "within": "P1D"}, {"count": 8, "within": "P30D"}],
            "minimum_gap": "PT4H",
            "hours": {"otherwise": {"days": {"sun": "09:00-20:00"}}},
        }
    )
)
LEDGER = Ledger()
for _day in range(14, 0, -2):  # seven of a month, and fewer a week than anybody here minds
    LEDGER = LEDGER.touched(Bid(send=str(_day), asked=NOW, channel="email"), NOW - timedelta(days=_day))

_MJML = """<mjml lang="en"><mj-body><mj-section><mj-column><mj-text>{{ salutation }},</mj-text>
<mj-text>These go well with what you looked at.</mj-text></mj-column></mj-section>
<mj-raw>{% for p in blocks.picks %}</mj-raw><mj-section><mj-column><mj-image src="{{ p.image }}" alt="{{ p.image_alt }}"
href="{{ p.url }}" /></mj-column><mj-column><mj-text>{{ p.title }}: {{ p.price }} {{ p.currency }}</mj-text>
<mj-button href="{{ p.url }}">Look at {{ p.title }}</mj-button></mj-column></mj-section><mj-raw>{% endfor %}</mj-raw>
<mj-section><mj-column><mj-text><a href="{{ unsubscribe_url }}">Stop</a> or
<a href="{{ preferences_url }}">change</a> these messages.</mj-text></mj-column></mj-section></mj-body></mjml>"""
_TEXT = """{{ salutation }},
{% for p in blocks.picks %}
{{ p.title }}, {{ p.price }} {{ p.currency }}: {{ p.url }}
{% endfor %}
Stop: {{ unsubscribe_url }} or change: {{ preferences_url }}
"""
_DOCUMENT = {
    "class": "commercial",
    "purpose": "newsletter",
    "channels": {"email": {"subject": "{{ first_name }}, for your ride", "text": _TEXT, "mjml": _MJML}},
    "blocks": {"picks": {"pick": "interest", "limit": 3}},
}


class _Shop:
    """Catalogue and tastes in memory."""

    def __init__(self) -> None:
        self._products = {f"p{i}": Listed(_product(i)) for i in range(60)}

    def listed(self, product_ids: Sequence[str]) -> dict[str, Listed]:
        return {p: self._products[p] for p in product_ids if p in self._products}

    def of_category(self, name: str) -> list[str]:
        return [f"p{i}" for i in range(20)]

    def offer(self, name: str) -> None:
        return None

    def of(self, profile_id: str) -> Taste:
        begin = int(profile_id) % 40
        at = round(NOW.timestamp() * 1000)
        looks = [Look(at - i * 86_400_000, str(i), f"p{begin + i}", "bikes", 1) for i in range(5)]
        return Taste({f"p{begin}": (at, False)}, tuple(looks), at)

    def keep(self, profile_id: str, taste: Taste) -> bool:
        return True

    def forget(self, profile_id: str, at: datetime) -> bool:
        return False


def run(report: Report) -> list[Result]:
    """Decisions with their message a second of CPU time, and the floor's."""
    document = ready(TemplateDocument.model_validate(_DOCUMENT), compile_mjml)
    people = [_person(i) for i in range(PEOPLE)]
    compose = Compose(_Shop(), _Shop())
    seen = [_variables(compose, document, one) for one in people]
    bare = _bare(document)
    taken: dict[str, list[float]] = {"ours": [], "bare": []}
    for turn in range(ROUNDS):
        report("deciding", turn / ROUNDS)
        seconds, ours = _timed(lambda: [decided(document, compose, one) for one in people])
        taken["ours"].append(PEOPLE / seconds)
        seconds, floor = _timed(lambda: [bare(one) for one in seen])
        taken["bare"].append(PEOPLE / seconds)
        if ours != floor:
            raise AssertionError("the two do not say the same")
    size = len(ours[0].html) + len(ours[0].text)
    return [
        Result(
            "decisions_per_second",
            median(taken["ours"]),
            f"decisions with a message of {size / 1000:.1f} kB a second and core",
            {"python-liquid alone, no decision": median(taken["bare"])},
            budget=LEAST,
            more_is_better=True,
        )
    ]


def decided(document: TemplateDocument, compose: Compose, contact: Contact) -> Rendered:
    """The message to a person who may and wants to have it."""
    message = _message(contact)
    spoken = document.spoken(locale_of(message, contact))
    order = candidates(message.channels, contact.preferred_channel, spoken.supported())
    choice = choose(order, Ask(message.message_class, to_iso(NOW), spoken.ways_out()), _standings(contact))
    if not isinstance(choice, Choice):
        raise AssertionError("somebody may not have it")
    heeded = heed(choice, contact, NOW)
    weighed = weigh(PRESSURE, message, heeded, LEDGER, contact, NOW) if isinstance(heeded, Choice) else heeded
    if not isinstance(weighed, Choice):
        raise AssertionError("somebody does not want it")
    links = Made(UNSUBSCRIBE, PREFERENCES)
    return compose(spoken, weighed.channel, message, contact, links, NOW).content


def _bare(document: TemplateDocument) -> Callable[[dict[str, Any]], Rendered]:
    email = document.channels.email
    if email is None:
        raise AssertionError("no e-mail")
    html = Environment(autoescape=True).from_string(email.html)
    subject, text = (Environment().from_string(one) for one in (email.subject, email.text))

    def render(variables: dict[str, Any]) -> Rendered:
        return Rendered(text.render(**variables), subject.render(**variables), str(html.render(**variables)))

    return render


def _variables(compose: Compose, document: TemplateDocument, contact: Contact) -> dict[str, Any]:
    """All that the template is given, so that the floor need not find it out."""
    links = Made(UNSUBSCRIBE, PREFERENCES)
    return compose.variables(document, "email", _message(contact), contact, links, NOW)[0]


def _message(contact: Contact) -> Message:
    return Message(
        send_id=f"snd_{contact.profile_id}",
        template="news",
        channels=("preferred",),
        requested_at=to_iso(NOW),
        profile_id=contact.profile_id,
        message_class="commercial",
        purpose="newsletter",
    )


def _person(number: int) -> Contact:
    return Contact(
        profile_id=str(number),
        version=1,
        email=f"{number}@example.com",
        first_name=f"Ann{'abcdefghij'[number % 10]}",
        preferred_channel="email",
        locale="en-GB",
        per_week=5,
        quiet_hours="22:00-07:00",
        time_zone="Europe/Amsterdam",
        attributes={"lastName": "Vos", "gender": "f", "city": "Utrecht"},
    )


def _standings(contact: Contact) -> dict[str, Standing]:
    permission = Permission("granted", "cns_1", "", to_iso(NOW + timedelta(days=300)))
    return {"email": Standing(contact.email, f"key-{contact.profile_id}", "", permission)}


def _product(number: int) -> Product:
    return Product(
        title=f"Bike & more {number}",
        url=f"https://shop.example.com/p/{number}?size=54&colour=red",
        image=f"https://cdn.example.com/p/{number}.jpg",
        image_alt=f"A picture of bike {number}",
        category="bikes",
        price=f"{number + 100}.95",
        currency="EUR",
        related=[f"p{(number + 7) % 60}"],
    )


def _timed(call: Callable[[], list[Rendered]]) -> tuple[float, list[Rendered]]:
    began = time.process_time()
    answer = call()
    return time.process_time() - began, answer
