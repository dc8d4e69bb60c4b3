"""What workers do, as generators: each `yield` is a place where others may go on, or where the worker may die."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from itertools import count

from tests.unit.journeys.protocol.store import ASK, LAST, REMIND, THANK, WAIT, Cohort, Execution, Store, Walk

WINDOW, TIMEOUT, PAUSE, GRACE = 4, 6, 3, 1
Worker = Iterator[None]
Slot = tuple[str, str, int, bool]
"""Key, node, when it is due, and whether it stands at a wait until then."""

_lineages = count(1)


def enter(store: Store, profile: str, entry: int) -> Worker:
    """Somebody has a reason to enter."""
    yield
    while profile not in store.gone:
        last = store.walks.get(profile)
        yield
        if last and (last.active or last.moved_to or last.entry >= entry):
            if last.entry == entry:
                yield from make_up_for(store, profile)
            return
        number = last.number + 1 if last else 1
        walk = Walk(profile, number, entry, next(_lineages))
        if (yield from _enter(store, walk, last.identity if last else None)):
            return


def _enter(store: Store, walk: Walk, last: tuple[str, int] | None) -> Generator[None, None, bool]:
    """Whether nobody was in the way."""
    for slot in _entry_slots(store):
        cohort = yield from _open(store, *slot)
        if cohort.state != "open":
            continue

        def begin(page: str, cohort: Cohort = cohort) -> bool:
            return store.begin(replace(walk, cohort=cohort.key, page=page), last)

        aboard = yield from _board(store, cohort, walk.profile, begin, entry=walk.entry)
        if aboard is None:
            return False
        if not aboard:
            yield from _catch_up(store, walk.profile, cohort)
        else:
            yield from _start(store, cohort)
        return True
    raise AssertionError("slots never end")


def make_up_for(store: Store, profile: str) -> Worker:
    """Start, or catch up for, the cohort of a walk: whoever put it there may have died."""
    walk = store.walk(profile)
    cohort = store.cohorts.get(walk.cohort) if walk else None
    yield
    if walk is None or cohort is None or not walk.active or walk.node != cohort.node:
        return
    if cohort.state == "open":
        yield from _start(store, cohort)
    elif walk.acted != cohort.key and walk.page not in cohort.aboard:
        yield from _catch_up(store, profile, cohort)


def _catch_up(store: Store, profile: str, missed: Cohort) -> Worker:
    """Go with the next cohort, unless the one that closed has acted on them."""
    for slot in _slots_after(store, missed):
        cohort = yield from _open(store, *slot)
        if cohort.state != "open":
            continue
        source = missed.key

        def move(page: str, cohort: Cohort = cohort, source: str = source) -> bool:
            walk = store.walk(profile)
            return bool(walk and walk.acted != source) and store.move(profile, source, cohort, page)

        aboard = yield from _board(store, cohort, profile, move)
        if aboard is None:
            return
        if aboard:
            yield from _start(store, cohort)
            return
        missed = cohort


def step(store: Store, execution: Execution, node: str, over: bool) -> Generator[None, None, bool]:
    """The task of a node: act on every member. Whether the execution goes on when it returns."""
    cohort = store.cohorts[execution.cohort]
    yield
    if store.paused:
        cohort.parks += 1
        mine = cohort.parks
        cohort.state, cohort.parked_at = "parked", (node, over)
        yield
        if store.paused:
            return False
        yield  # whoever resumed may have looked before it was parked: it goes on, even if beside another
        if cohort.state == "parked" and cohort.parks == mine:
            cohort.state = "closed"
        yield
    if cohort.state == "open":
        cohort.state = "closed"
    cohort.place = (node, node == WAIT and not over)
    yield
    leaving: list[str] = []
    thanks = f"{cohort.key}>{THANK}"
    for profile in list(cohort.pages.values()):
        yield
        walk = store.walk(profile)
        if walk and walk.active and walk.cohort == cohort.key:
            heard = walk.heard
            yield
            if node == WAIT and heard:
                leaving.append(profile)
            elif node != WAIT:
                store.ask(profile, cohort.key, node, {LAST: "done", THANK: "thanked"}.get(node, ""))
    for profile in leaving:
        yield from _leave(store, profile, cohort, (thanks, THANK, store.now, False), start="later")
    yield from _start_all(store, thanks)
    return True


def _start_all(store: Store, base: str) -> Worker:
    """Only now, with everybody on board: a cohort that begins with an action closes as soon as it runs."""
    for generation in count(1):
        yield
        cohort = store.cohorts.get(f"{base}/{generation}")
        if cohort is None:
            return
        if not cohort.started:
            yield from _start(store, cohort)


def go_on(store: Store, execution: Execution) -> None:
    """What Step Functions does when a task has answered."""
    if execution.node == WAIT and not execution.over:
        execution.over, execution.due = True, store.now + TIMEOUT
        return
    following = {ASK: WAIT, WAIT: REMIND, REMIND: LAST}.get(execution.node)
    if following is None:
        execution.running = False
        return
    execution.due = store.now + (PAUSE if following == LAST else 0)
    execution.node, execution.over = following, False


def hear(store: Store, profile: str) -> Worker:
    """The event that is waited for: on the walk first, then a look at where its cohort is."""
    yield
    walk = store.walk(profile)
    if walk is None or not walk.active:
        return
    walk.heard = True
    source, node = walk.cohort, walk.node
    yield
    cohort = store.cohorts[source]
    if cohort.place != (WAIT, True):
        yield from make_up_for(store, profile)
        return
    yield
    due = (store.now // WINDOW + 1) * WINDOW
    to = (f"{THANK}@{due}", THANK, due, False)
    yield from _leave(store, profile, cohort, to, start="last", node=node)


def leave(store: Store, profile: str) -> Worker:
    """Whoever does not want any more goes at once."""
    yield
    walk = store.walk(profile)
    lineage = walk.lineage if walk else 0
    yield
    store.stop(profile, lineage, "exit")


def merge(store: Store, loser: str, winner: str) -> Worker:
    """Two profiles are one person. Where the winner's walk has gone on as somebody else's, it is theirs that counts."""
    yield
    store.gone[loser] = winner
    while True:
        yield
        lost, heir = store.walks.get(loser), _heir(store, winner)
        won = store.walks.get(heir)
        if lost is None or lost.moved_to:
            break
        seen = replace(lost), replace(won) if won else None
        yield
        if store.hand_over(lost, heir, seen):
            yield from make_up_for(store, heir)
            break
    if winner in store.gone:
        yield from merge(store, winner, store.gone[winner])


def _heir(store: Store, profile: str) -> str:
    while (walk := store.walks.get(profile)) and walk.moved_to:
        profile = walk.moved_to
    return profile


def migrate(store: Store, profile: str) -> Worker:
    """Whoever stands at the wait goes on in the new version, with what is left of it."""
    yield
    walk = store.walk(profile)
    if walk is None or not walk.active:
        return
    cohort, node = store.cohorts[walk.cohort], walk.node
    yield
    if cohort.place == (WAIT, True) and "v2" not in cohort.key:
        due = max([e.due for e in store.executions.values() if e.cohort == cohort.key], default=store.now)
        yield
        to = (f"v2:{WAIT}@{due}", WAIT, due, True)
        yield from _leave(store, profile, cohort, to, start="first", node=node)


def pause(store: Store) -> Worker:
    """Nothing goes on."""
    yield
    store.paused = True


def resume(store: Store) -> Worker:
    """All that was stopped is started again."""
    yield
    store.paused = False
    yield
    for cohort in list(store.parked()):
        cohort.state = "resuming"
        yield
        name = f"{cohort.key}#{cohort.parks}"
        store.executions.setdefault(
            name, Execution(name, cohort.key, cohort.parked_at[0], store.now, cohort.parked_at[1])
        )
        yield
        if cohort.state == "resuming":
            cohort.state = "closed"


# Parts


def _slots_after(store: Store, missed: Cohort) -> Iterator[Slot]:
    if missed.node == ASK:
        return _entry_slots(store)
    base, _, generation = missed.key.rpartition("/")
    return ((f"{base}/{n}", missed.node, missed.due, missed.over) for n in count(int(generation) + 1))


def _entry_slots(store: Store) -> Iterator[Slot]:
    for end in count((store.now // WINDOW + 1) * WINDOW, WINDOW):
        yield f"{ASK}@{end}", ASK, end + GRACE, False


def _open(store: Store, key: str, node: str, due: int, over: bool) -> Generator[None, None, Cohort]:
    cohort = store.cohorts.setdefault(key, Cohort(key, node, due, over))
    yield
    return cohort


def _board(
    store: Store, cohort: Cohort, profile: str, write: Callable[[str], bool], *, entry: int = 0
) -> Generator[None, None, bool | None]:
    """Whether the cohort was still open afterwards; `None`: somebody was in the way."""
    page = f"{cohort.key}/{profile}"
    cohort.pages[page] = profile
    yield
    if not write(page):
        walk = store.walk(profile)
        if walk is None or not walk.active or walk.cohort != cohort.key or walk.page != page:
            return None
        if entry and walk.entry != entry:
            return None  # somebody else's work, though it looks like one's own
    yield
    if cohort.state != "open":
        return False
    cohort.aboard.add(page)
    yield
    return True


def _start(store: Store, cohort: Cohort) -> Worker:
    yield
    execution = Execution(cohort.key, cohort.key, cohort.node, cohort.due, cohort.over)
    store.executions.setdefault(cohort.key, execution)
    yield
    cohort.started = True


def _leave(store: Store, profile: str, source: Cohort, to: Slot, *, start: str, node: str = "") -> Worker:
    """Go from a cohort to the first open generation of another, which starts `first`, `last`, or `later`."""
    base, place, due, over = to
    missed = source.key
    for generation in count(1):
        cohort = yield from _open(store, f"{base}/{generation}", place, due, over)
        if cohort.state != "open":
            continue
        if start == "first":
            yield from _start(store, cohort)

        def move(page: str, cohort: Cohort = cohort, missed: str = missed) -> bool:
            walk = store.walk(profile)
            if missed != source.key and walk and walk.acted == missed:
                return False
            return store.move(profile, missed, cohort, page, node if missed == source.key else "")

        aboard = yield from _board(store, cohort, profile, move)
        if aboard is None:
            return
        if aboard:
            if start == "last":
                yield from _start(store, cohort)
            return
        missed = cohort.key
