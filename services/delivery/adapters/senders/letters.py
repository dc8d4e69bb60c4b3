"""Letters: each waits, as a piece, for the order that the printer gets once a day."""

from __future__ import annotations

from services.delivery.adapters.senders.attempt import attempt
from services.delivery.domain.protocol import Answer, Sent
from services.delivery.domain.work import Piece
from services.delivery.ports.messages import Outgoing
from services.delivery.ports.work import Work
from services.shared.clock import to_iso


class LetterSender:
    """Keeps the piece under its send id; what is repeated is the same piece."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def send(self, outgoing: Outgoing) -> Answer:
        content = outgoing.content
        piece = Piece(
            send_id=outgoing.send_id,
            at=to_iso(outgoing.at),
            letterbox=outgoing.to,
            pack=content.details.get("pack", ""),
            text=content.text,
            profile_id=outgoing.profile_id,
            name=outgoing.name,
            sample=content.details.get("sample", ""),
        )
        return attempt(lambda: self._work.add_piece(piece), lambda _: Sent(f"print-{outgoing.send_id}"))
