"""What can be asked of everybody's past, and the answer as rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, assert_never

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter

from services.ingest.domain.figures.loyal import Compared, Group, buyers, compare
from services.ingest.domain.figures.service_kpis import Month, months, served
from services.ingest.domain.happenings import Happening
from services.shared.cells import neutral
from services.shared.ids import stable_id
from services.shared.statistics import Share, p_differs

Kind = Literal["nps", "service", "loyal"]

EventName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Days = Annotated[int, Field(ge=1, le=3660)]


def _listed(value: Any) -> Any:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


EventNames = Annotated[tuple[EventName, ...], BeforeValidator(_listed), Field(min_length=1, max_length=20)]
"""Of a query string, with commas between them."""


class _Question(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def key(self) -> str:
        """The same for the same question."""
        return stable_id("fig", self.model_dump_json())


class Nps(_Question):
    """The net promoter score by month, of the answers (`score`, 0 to 10) that `event` brings; those to one `survey`,
    if it is named."""

    kind: Literal["nps"] = "nps"
    event: EventName = "Survey Answered"
    survey: str = Field(default="", max_length=200)


class Service(_Question):
    """Contacts by month, and contacts avoided: who helped themselves and needed nobody in the days `within`."""

    kind: Literal["service"] = "service"
    contact: EventNames = ("Call Received",)
    self_service: EventNames = ("Question Answered",)
    within: Days = 7


class Loyal(_Question):
    """Customers of the day `at` with `orders` orders or more against those with fewer, in the `period` (days) after."""

    kind: Literal["loyal"] = "loyal"
    at: date = Field(ge=date(1970, 1, 1), le=date(2999, 1, 1))
    period: Days = 180
    orders: int = Field(default=3, ge=1, le=1_000)
    order: EventName = "Order Completed"
    referral: EventName = "Invite Accepted"


Question = Nps | Service | Loyal
_QUESTIONS: TypeAdapter[Question] = TypeAdapter(Annotated[Question, Field(discriminator="kind")])


def asked(kind: Kind, query: Mapping[str, Any], today: date) -> Question:
    """The question of a query. Loyal customers are those of a day since when the period is over, unless it is named.

    Raises:
        pydantic.ValidationError: a parameter is none, or breaks its rule.
    """
    if kind == "loyal" and "at" not in query:
        period = TypeAdapter(Days).validate_python(query.get("period", 180))
        query = {**query, "at": today - timedelta(days=period)}
    return _QUESTIONS.validate_python({**query, "kind": kind})


def read_question(document: Mapping[str, Any]) -> Question:
    """The question that `model_dump(mode="json")` wrote."""
    return _QUESTIONS.validate_python(document)


def events_of(question: Question) -> frozenset[str]:
    """Names of the events that it is about."""
    match question:
        case Nps():
            return frozenset({question.event})
        case Service():
            return frozenset({*question.contact, *question.self_service})
        case Loyal():
            return frozenset({question.order, question.referral})
        case _:
            assert_never(question)


def counted(question: Question, happenings: Iterable[Happening]) -> list[dict[str, Any]]:
    """The rows of the answer, JSON-ready: by month, the oldest first; or the loyal, then the new."""
    match question:
        case Nps():
            people = served(happenings, survey=question.event, which=question.survey)
            return [_satisfaction(month) for month in months(people, timedelta(0))]
        case Service():
            people = served(happenings, contacts=question.contact, self_service=question.self_service)
            return [_service(month) for month in months(people, timedelta(days=question.within))]
        case Loyal():
            day = datetime.combine(question.at, time.max, UTC)
            found = buyers(happenings, question.order, question.referral)
            return _loyalty(compare(found, day, timedelta(days=question.period), question.orders))
        case _:
            assert_never(question)


def in_sum(question: Question, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What all rows say together: `answers` and `nps`; contacts, and the share of all that were avoided; how many
    times the basket of the new that of the loyal is, and `p` of a difference in churn as large by chance."""
    match question:
        case Nps():
            sums = {name: sum(row[name] for row in rows) for name in _ANSWERS}
            answers = sums["answers"]
            nps = 100 * (sums["promoters"] - sums["detractors"]) / answers if answers else None
            return {**sums, "nps": _rounded(nps)}
        case Service():
            sums = {name: sum(row[name] for row in rows) for name in ("contacts", "self_served", "avoided")}
            both = sums["contacts"] + sums["avoided"]
            return {**sums, "avoided_share": round(sums["avoided"] / both, 6) if both else None}
        case Loyal():
            loyal, new = (Share(row["churned"]["hits"], row["people"]) for row in rows)
            basket = rows[0]["basket"] / rows[1]["basket"] if rows[1]["basket"] else None
            return {
                "basket_times": _rounded(basket),
                "churn_p": round(p_differs(loyal, new), 6) if loyal.of and new.of else None,
            }
        case _:
            assert_never(question)


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a file for spreadsheets; no cell is a formula. A share is its rate, low and high."""
    flat = [_flat(row) for row in rows]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(flat[0] if flat else ())
    for row in flat:
        writer.writerow(neutral(cell) if isinstance(cell, str) else cell for cell in row.values())
    return out.getvalue()


_ANSWERS = ("answers", "promoters", "passives", "detractors")


def _satisfaction(month: Month) -> dict[str, Any]:
    interval = month.nps_interval
    return {
        "month": month.month,
        "answers": len(month.answers),
        "promoters": month.promoters,
        "passives": len(month.answers) - month.promoters - month.detractors,
        "detractors": month.detractors,
        "nps": _rounded(month.nps),
        "low": _rounded(interval.low if interval else None),
        "high": _rounded(interval.high if interval else None),
    }


def _service(month: Month) -> dict[str, Any]:
    return {
        "month": month.month,
        "contacts": month.contacts,
        "self_served": month.self_served,
        "avoided": month.avoided,
    }


def _loyalty(found: Compared) -> list[dict[str, Any]]:
    return [
        {"customers": name, **_group(group)} for name, group in (("loyal", found.loyal), ("new", found.new))
    ]


def _group(group: Group) -> dict[str, Any]:
    return {
        "people": group.people,
        "orders": group.orders,
        "revenue": round(group.revenue, 2),
        "basket": round(group.basket, 2),
        "frequency": round(group.frequency, 4),
        "churned": _share(group.churned),
        "referred": _share(group.referred),
    }


def _share(share: Share) -> dict[str, Any]:
    interval = share.interval()
    values = {"rate": share.rate, "low": interval.low, "high": interval.high}
    return {"hits": share.hits, **{name: round(value, 6) for name, value in values.items()}}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}_{part}": value[part] for part in ("rate", "low", "high")}
        else:
            flat[name] = value
    return flat


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
