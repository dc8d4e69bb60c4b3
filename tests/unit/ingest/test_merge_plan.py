"""What a dry run says of people: whom a file's rows join, make one, contradict, and repeat."""

from __future__ import annotations

import random
from typing import Any

from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.merge_plan import MergePlan
from services.ingest.domain.validate import Trust, validate
from tests.unit.ingest.fakes import NOW, identify

ANN = {"prf_ann": [Identifier("userId", "ann"), Identifier("email", "ann@example.com")]}
BO = {"prf_bo": [Identifier("anonymousId", "a-bo")]}


def plan(
    known: dict[str, list[Identifier]], *rows: dict[str, Any], seed: int | None = None
) -> dict[str, Any]:
    made = MergePlan()
    made.know(known)
    numbered = list(enumerate(rows, 1))
    if seed is not None:
        random.Random(seed).shuffle(numbered)
    for number, fields in numbered:
        call = validate(
            identify(f"m-{number}", **fields), received_at=NOW, message_id="x", trust=Trust(trusted=True)
        )
        made.add(number, call, names_message=True)
    return made.result()


def test_rows_join_whom_they_name() -> None:
    found = plan(
        ANN, {"userId": "ann"}, {"userId": None, "traits": {"email": "Ann@Example.com"}}, {"userId": "new"}
    )
    assert sorted(found["joined"], key=lambda one: one["row"]) == [
        {"row": 1, "profile_id": "prf_ann"},
        {"row": 2, "profile_id": "prf_ann"},
    ]
    assert (found["rows"], found["new_profiles"], found["total_merges"], found["total_conflicts"]) == (
        3,
        1,
        0,
        0,
    )


def test_a_row_that_names_two_people_makes_them_one_or_contradicts() -> None:
    merging = plan({**ANN, **BO}, {"userId": "ann", "anonymousId": "a-bo"})
    assert merging["merges"] == [{"profiles": ["prf_ann", "prf_bo"], "rows": [1]}]
    contradicting = plan(ANN, {"userId": "thief", "traits": {"email": "ann@example.com"}})
    assert contradicting["conflicts"] == [{"row": 1, "reason": "conflict"}]
    assert (contradicting["total_merges"], contradicting["new_profiles"]) == (0, 1)


def test_rows_of_one_person_are_duplicates_of_the_first_and_so_are_repeated_messages() -> None:
    same = {"userId": "u", "messageId": "same"}
    found = plan({}, {"userId": "u"}, same, same)
    assert found["same_person_in_file"] == [{"row": 2, "of_row": 1}, {"row": 3, "of_row": 1}]
    assert found["repeated_message_ids"] == [{"row": 3, "of_row": 2}]
    assert found["new_profiles"] == 1


def test_the_order_of_rows_does_not_change_who_is_who() -> None:
    rows = [
        {
            "userId": f"u-{n % 3}",
            "traits": {"email": f"p{n % 4}@example.com"},
            "timestamp": f"2026-01-0{n + 1}T00:00:00Z",
        }
        for n in range(8)
    ]
    plans = [plan(ANN, *rows, seed=seed) for seed in range(5)]
    assert len({(p["new_profiles"], p["total_merges"], p["total_conflicts"]) for p in plans}) == 1
