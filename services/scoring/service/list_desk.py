"""The use cases of marketers who keep the list of a static segment."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from services.scoring.domain.definitions import StaticSegment
from services.scoring.domain.places import MEMBER
from services.scoring.ports import DefinitionReader, PlaceBook
from services.scoring.service.lists import Listed, Lists
from services.shared.errors import Invalid, NotFound

MOST = 1_000
"""Profiles that one change may name."""

PAGE = 500
"""Profiles between two looks at the time that remains."""

LONGEST_ID = 200
ID = "profile_id"


class ListDesk:
    """What the routes for the members of static segments do; `members` of `Whereabouts` shows them, a moment behind."""

    def __init__(self, definitions: DefinitionReader, lists: Lists, places: PlaceBook) -> None:
        self._definitions = definitions
        self._lists = lists
        self._places = places

    def change(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Do what `{"add": [profile id], "remove": [...], "silent"?: true}` says; the same again changes nothing.

        Raises:
            NotFound: there is no segment of that name.
            Invalid: `not_static`, or `invalid_members`, which says what is wrong with the body.
        """
        for key in body:
            if key not in ("add", "remove", "silent"):
                raise Invalid("invalid_members", f"{key}: is not known here")
        add, remove = _ids(body, "add"), _ids(body, "remove")
        silent = body.get("silent", False)
        if not isinstance(silent, bool):
            raise Invalid("invalid_members", "silent: must be true or false")
        if not 1 <= len(add) + len(remove) <= MOST:
            raise Invalid("invalid_members", f"add and remove: 1 to {MOST} profiles together")
        if both := add & remove:
            raise Invalid("invalid_members", f"add and remove: {len(both)} profiles are in both")
        self._check_static(name)
        wanted = dict.fromkeys(sorted(add), True) | dict.fromkeys(sorted(remove), False)
        return _shown([self._lists.enlist(name, wanted, silent=silent)])

    def replace(
        self, name: str, file: bytes, *, silent: bool, has_time: Callable[[], bool]
    ) -> dict[str, Any]:
        """Make the list what a file says: lines of JSON (an id, or an object with `profile_id`), or CSV with a column
        `profile_id`. Works while `has_time()`; while `complete` is false in the answer, the same request again goes on.

        Whoever is to go is read off the members' list, which is a moment behind.

        Raises:
            NotFound: there is no segment of that name.
            Invalid: `not_static`, or `invalid_file`, with the number of the line.
        """
        self._check_static(name)
        members = dict.fromkeys(read_ids(file), True)
        wanted = members | {one: False for one in self._listed(name) if one not in members}
        todo, done = list(wanted), list[Listed]()
        while todo and (has_time() or not done):
            page, todo = todo[:PAGE], todo[PAGE:]
            done.append(self._lists.enlist(name, {one: wanted[one] for one in page}, silent=silent))
        return {**_shown(done), "members": len(members), "left": len(todo), "complete": not todo}

    def _listed(self, name: str) -> Iterator[str]:
        after = ""
        while True:
            found, after = self._places.members((StaticSegment.kind, name, ""), MEMBER, after, MOST)
            yield from (one.profile_id for one in found)
            if not after:
                return

    def _check_static(self, name: str) -> None:
        found = self._definitions.load().get(StaticSegment.kind, name)
        if found is None:
            raise NotFound("not_found", f"there is no segment named {name!r}")
        if not isinstance(found, StaticSegment):
            raise Invalid("not_static", "members: who is in this segment follows from its condition")


def read_ids(file: bytes) -> list[str]:
    """The profile ids of a file, each once, in its order.

    Raises:
        Invalid: `invalid_file`.
    """
    try:
        lines = file.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise Invalid("invalid_file", "body: is not UTF-8") from error
    is_json = next(
        (line.lstrip()[0] in '{"' and not _is_header(line) for line in lines if line.strip()), True
    )
    found = _of_json(lines) if is_json else _of_csv(lines)
    return list(dict.fromkeys(found))


def _is_header(line: str) -> bool:
    return ID in next(csv.reader([line]), [])


def _of_json(lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise Invalid("invalid_file", f"line {number}: is no JSON") from error
            yield _id(row.get(ID) if isinstance(row, dict) else row, f"line {number}", "invalid_file")


def _of_csv(lines: Sequence[str]) -> Iterator[str]:
    rows = csv.DictReader(lines)
    if ID not in (rows.fieldnames or ()):
        raise Invalid("invalid_file", f"line 1: must be JSON, or name a column {ID}")
    try:
        for row in rows:
            yield _id(row[ID], f"line {rows.line_num}", "invalid_file")
    except csv.Error as error:
        raise Invalid("invalid_file", f"line {rows.line_num}: is no CSV") from error


def _ids(body: Mapping[str, Any], key: str) -> set[str]:
    listed = body.get(key, [])
    if not isinstance(listed, list):
        raise Invalid("invalid_members", f"{key}: must be a list of profile ids")
    return {_id(one, f"{key}.{i}", "invalid_members") for i, one in enumerate(listed[: MOST + 1])}


def _id(value: Any, path: str, code: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= LONGEST_ID:
        raise Invalid(code, f"{path}: must be a profile id")
    return value.strip()


def _shown(done: Sequence[Listed]) -> dict[str, Any]:
    return {
        "added": sum(one.added for one in done),
        "removed": sum(one.removed for one in done),
        "unchanged": sum(one.unchanged for one in done),
        "unknown": [profile_id for one in done for profile_id in one.unknown],
        "failed": [profile_id for one in done for profile_id in one.failed],
    }
