"""What is ready-made is valid as it stands, and can be published unchanged."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from services.delivery.domain.templates.documents import TemplateDocument
from services.journeys.adapters.library_files import shelf
from services.journeys.domain.compiler import compile_document
from services.journeys.domain.document import Document
from services.journeys.domain.entries import Called
from services.journeys.domain.library import Ready, templates_of
from services.journeys.domain.nodes import Exit, Send, Survey
from services.journeys.domain.objectives import KPIS, OBJECTIVES, Angle, Kpi, Objective
from services.journeys.domain.validation import judge, read_document
from services.journeys.service.library import Library
from services.shared.errors import NotFound
from tests.support.asl_rules import broken_rules

SHELF = shelf()
STEP = "arn:aws:lambda:eu-west-1:123456789012:function:on-step"
MOST_OF_A_MACHINE = 1_000_000
CURRENT = 8
"""Current campaigns that may run at once."""


def document(name: str) -> Document:
    return read_document(SHELF[name].journey)


def all_documents() -> list[Document]:
    return [document(name) for name in SHELF]


@pytest.mark.parametrize("name", SHELF)
def test_each_can_be_published_unchanged(name: str) -> None:
    ready = SHELF[name]
    verdict = judge(ready.journey)

    assert verdict.problems == []
    assert verdict.warnings == []
    assert ready.journey["name"] == name
    assert verdict.document
    assert verdict.document.goal
    assert verdict.document.brief
    assert verdict.document.brief.hypothesis
    assert verdict.document.brief.target


@pytest.mark.parametrize("name", SHELF)
def test_each_compiles_to_a_machine_that_keeps_the_rules_of_step_functions(name: str) -> None:
    machine = compile_document(document(name), step_function_arn=STEP)
    assert list(broken_rules(machine)) == []
    assert len(json.dumps(machine)) < MOST_OF_A_MACHINE


@pytest.mark.parametrize("name", SHELF)
def test_each_brings_exactly_the_messages_it_sends_and_delivery_would_take_them(name: str) -> None:
    assert set(SHELF[name].messages) == templates_of(document(name))
    for message in SHELF[name].messages.values():
        template = TemplateDocument.model_validate(message.template())
        assert template.message_class == message.kind


@pytest.mark.parametrize("name", SHELF)
def test_a_node_that_names_only_sms_and_email_has_words_for_what_it_names(name: str) -> None:
    for _, node in [*document(name).of_type(Send), *document(name).of_type(Survey)]:
        if "sms" in node.channels:
            assert SHELF[name].messages[node.template].sms


def test_no_message_is_written_twice() -> None:
    names = [template for ready in SHELF.values() for template in ready.messages]
    assert len(names) == len(set(names))


def test_where_a_journey_hands_over_somebody_is_called() -> None:
    for one in all_documents():
        for _, exit_ in one.of_type(Exit):
            if exit_.enter:
                target = document(exit_.enter)
                assert any(isinstance(way, Called) for way in target.entry.on)
                assert exit_.enter in SHELF[one.name].uses["journeys"]


@pytest.mark.capability("000-17")
def test_there_is_a_programme_for_each_objective_and_each_objective_has_its_figure() -> None:
    assert {one.objective for one in all_documents()} == set(get_args(Objective)) == set(OBJECTIVES)
    assert {meaning.kpi for meaning in OBJECTIVES.values()} == set(get_args(Kpi)) == set(KPIS)
    assert all(one.kpi == OBJECTIVES[one.objective].kpi for one in all_documents())


def test_a_brief_may_be_held_against_another_figure() -> None:
    raw = json.loads(json.dumps(SHELF["birthday"].journey))
    raw["brief"]["kpi"] = "churn_rate"
    assert read_document(raw).kpi == "churn_rate"


def test_all_four_angles_are_there() -> None:
    assert {one.angle for one in all_documents()} == set(get_args(Angle))


def test_all_of_it_fits_into_one_portfolio() -> None:
    assert sum(one.portfolio == "current" for one in all_documents()) <= CURRENT


def commercial(name: str) -> set[str]:
    return {key for key, message in SHELF[name].messages.items() if message.kind == "commercial"}


@pytest.mark.parametrize("name", [name for name in SHELF if commercial(name)])
def test_whoever_complains_or_takes_leave_is_sold_nothing(name: str) -> None:
    """What is a service, or asked for by the person, or a last question before letting go, may be said."""
    if name in ("newsletter_onboarding", "sunset"):
        return
    assert '"open_complaint"' in json.dumps(SHELF[name].journey)


def test_the_shelf_shows_what_there_is_and_one_shows_all_of_it() -> None:
    library = Library(SHELF)
    shown = library.shelf()["library"]
    assert [one["name"] for one in shown] == sorted(SHELF)
    assert shown[0]["kpi"] in KPIS

    one: dict[str, Any] = library.one("abandoned_cart")
    assert one["document"] == SHELF["abandoned_cart"].journey
    assert one["templates"]["cart_reminder"]["purpose"] == "newsletter"
    assert one["diagram"]["mermaid"].startswith("flowchart")
    with pytest.raises(NotFound):
        library.one("nothing")


def test_a_commercial_message_without_a_purpose_is_none() -> None:
    said = {"class": "commercial", "subject": "x", "text": "x"}
    with pytest.raises(ValueError, match="purpose"):
        Ready.model_validate({"about": "x", "messages": {"x": said}, "journey": {}})
