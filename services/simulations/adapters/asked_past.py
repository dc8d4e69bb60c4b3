"""What everybody did, asked of ingest's function page by page; nothing of it is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from services.shared.aws.clients import single_attempt_client
from services.shared.aws.functions import ask
from services.shared.contracts.past import PastAnswer, PastQuestion
from services.shared.errors import Conflict

ANSWER_SECONDS = 300
"""How long a page may take: a large day is read as a whole."""

ATTEMPTS, WAIT_SECONDS = 5, 2.0
"""How often a day that is being changed is asked for."""


class AskedPast:
    """`ports.past.Past`."""

    def __init__(self, function: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._function = function
        self._sleep = sleep

    def rows(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        after = ""
        while True:
            page = self._page(PastQuestion(since=since, until=until, after=after))
            yield from (line.model_dump() for line in page.lines)
            after = page.after
            if not after:
                return

    def _page(self, question: PastQuestion) -> PastAnswer:
        payload = f'{{"past": {question.model_dump_json()}}}'.encode()
        for _ in range(ATTEMPTS):
            lake = single_attempt_client("lambda", ANSWER_SECONDS)
            answer = PastAnswer.model_validate(ask(lake, self._function, payload))
            if not answer.busy:
                return answer
            self._sleep(WAIT_SECONDS)
        raise Conflict("lake_busy", "history: the lake is being changed just now: ask again")
