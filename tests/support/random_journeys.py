"""Random journeys, for laws and conformance. The same seed gives the same again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

SIMPLE = ("wait", "send", "branch")
FIXED = (*SIMPLE, "wait_for", "survey", "split", "rotation", "jump", "update", "task", "webhook")
ALL = (*FIXED, "wait_until")
_WAITS = ("PT1H", "P1D", "PT36H", "P7D")
_EVENTS = ("Added", "Ordered", "Looked")
STAGES = ("new", "active", "lapsed")
ZONES = ("UTC", "Europe/Amsterdam", "America/New_York")

Said = dict[str, Any]


def random_journey(
    seed: int, kinds: Sequence[str] = ALL, *, keyed: bool | None = None, simple: bool = False
) -> Said:
    """A valid document of up to ten nodes of `kinds`: each leads on to the next, or to any later one. `simple` ones are
    entered and left by a segment alone."""
    random = Random(seed)
    has_key = random.random() < 0.4 if keyed is None else keyed
    return _Author(random, kinds, has_key and not simple, simple).document()


class _Author:
    def __init__(self, random: Random, kinds: Sequence[str], keyed: bool, simple: bool) -> None:
        self.random = random
        self.kinds = kinds
        self.keyed = keyed
        self.simple = simple
        self.names: list[str] = []
        self.nodes: dict[str, Said] = {}

    def document(self) -> Said:
        kinds = self._chain()
        self.names = [f"{kind}_{place}" for place, kind in enumerate(kinds)]
        for place, kind in enumerate(kinds):
            write: Callable[[int], Said] = getattr(self, f"_{kind}")
            self.nodes[self.names[place]] = {"type": kind, **write(place)}
        targets = {target for node in self.nodes.values() for target in _targets(node)}
        for reason in sorted({"done", "enough"} & targets):
            self.nodes[reason] = {"type": "exit", "reason": reason}
        return self._frame()

    def _chain(self) -> list[str]:
        """What follows what: no wait on a wait (of any kind), no jump before a wait to go back to."""
        chain: list[str] = []
        length = self.random.randint(2, 8)
        while len(chain) < length:
            kind = self.random.choice(self.kinds)
            if (kind == "wait" and chain[-1:] in (["wait"], ["wait_until"])) or (
                kind == "jump" and "wait" not in chain
            ):
                continue
            chain.append(kind)
        return chain

    def _frame(self) -> Said:
        random = self.random
        ways: list[Said] = [{"segment_entered": "in"}]
        exits: list[Said] = [{"segment_exited": "in"}]
        frame: Said = {}
        if not self.simple:
            key = {"key": "k"} if self.keyed else {}
            way = {"event": "Added", **key, "keep": ["amount", "day"]}
            ways = [way] if self.keyed else random.choice([[way], ways, [way, *ways]])
            exits = random.choice([[], [{"event": "Ordered", **key}], [{"when": _PRO, "reason": "pro"}]])
            frame = random.choice(
                [
                    {},
                    {"goal": {"event": "Ordered", **key, "within": "P2D"}},
                    {"goal": {"when": {"segment": "vip"}}},
                    {"stages": {"lifecycle": "life", "allowed": ["new", "active"]}},
                ]
            )
        reentry = random.choice(["never", "always", "always", {"after": "P1D", "at_most": 3}])
        return {
            "name": "random",
            "title": "Whatever comes",
            "objective": "service",
            "angle": "interaction",
            "portfolio": "base",
            "brief": {
                "who": "Anybody",
                "why": "To see",
                "channels": ["email", "sms"],
                "needed_data": [],
            },
            "entry": {
                "on": ways,
                "reentry": random.choice(["never", "always"]) if self.simple else reentry,
            },
            "admission": random.choice(["PT0S", "PT1M", "PT1M", "PT1H"]),
            "exit_on": exits,
            **frame,
            "start": self.names[0],
            "nodes": self.nodes,
        }

    def _next(self, place: int) -> str:
        return self.names[place + 1] if place + 1 < len(self.names) else "done"

    def _later(self, place: int) -> str:
        """Any way on; never from a wait to a wait."""
        others = [*self.names[place + 1 :], "done", "enough"]
        return self.random.choice(others)

    def _wait(self, place: int) -> Said:
        return {"for": self.random.choice(_WAITS), "next": self._next(place)}

    def _wait_for(self, place: int) -> Said:
        key = {"key": "k"} if self.keyed else {}
        happening: Said = self.random.choice(
            [{"event": "Looked", **key, "keep": ["amount"]}, {"event": "Ordered", **key}, {"when": _PRO}]
        )
        return {
            **happening,
            "since": self.random.choice(["entry", "node"]),
            "timeout": self.random.choice(_WAITS),
            "next": self._later(place),
            "otherwise": self._next(place),
        }

    def _survey(self, place: int) -> Said:
        asked = {"survey": "happy", "question": "nps", "template": "survey", "channels": ["email"]}
        return {**asked, "timeout": "P2D", "next": self._later(place), "otherwise": self._next(place)}

    def _wait_until(self, place: int) -> Said:
        hours = {"from": "09:00", "to": "17:00", "days": ["mon", "tue", "wed", "thu", "fri"]}
        said: Said = self.random.choice(
            [
                {"date": "trait:day", "offset": "-P1D", "at": "09:00"},
                {"date": "trait:day", "hours": hours},
                {"date": "2026-03-29T02:30"},
                {"at": "02:30"},
                {"hours": hours},
            ]
        )
        missing = {"missing": self._later(place)} if "trait" in said.get("date", "") else {}
        zone = self.random.choice(["person", *ZONES])
        return {**said, **missing, "zone": zone, "next": self._next(place)}

    def _branch(self, place: int) -> Said:
        conditions = [{"fact": "orders", "gte": 1}, {"fact": "orders", "gte": 3}]
        if not self.simple:
            conditions += [_PRO, {"segment": "vip"}, {"bucket": "b", "from": 0, "to": 50}]
        arms = [
            {"when": when, "next": self._later(place)}
            for when in self.random.sample(conditions, self.random.randint(1, 2))
        ]
        return {"branches": arms, "default": self._next(place)}

    def _split(self, place: int) -> Said:
        return {
            "arms": [
                {"name": "a", "percent": 60, "next": self._later(place)},
                {"name": "none", "percent": 10, "next": "done", "holdout": True},
                {"name": "b", "percent": 30, "next": self._next(place)},
            ]
        }

    def _send(self, place: int) -> Said:
        return {"template": f"m_{place}", "channels": ["email", "sms"], "next": self._next(place)}

    def _rotation(self, place: int) -> Said:
        sent = {"templates": [f"r_{place}", "r_again"], "channels": ["email"]}
        return {**sent, "next": self._next(place), "exhausted": self._later(place)}

    def _update(self, place: int) -> Said:
        return {"traits": {"seen": True, "orders": "fact:orders"}, "next": self._next(place)}

    def _task(self, place: int) -> Said:
        return {"kind": "call", "title": "Call them", "owner": "sales", "next": self._next(place)}

    def _webhook(self, place: int) -> Said:
        return {"sink": "crm", "next": self._next(place)}

    def _jump(self, place: int) -> Said:
        waits = [name for name in self.names[:place] if name.startswith("wait_") and name[5:].isdigit()]
        return {
            "to": self.random.choice(waits),
            "at_most": self.random.randint(1, 3),
            "otherwise": self._next(place),
        }


_PRO = {"trait": "plan", "eq": "pro"}


def _targets(node: Said) -> Iterator[Any]:
    for value in node.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (one["next"] for one in value if isinstance(one, dict) and "next" in one)
