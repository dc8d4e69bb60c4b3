"""`python -m tests.contracts.openapi`: takes the tour, and writes docs/openapi and docs/api.md."""

from __future__ import annotations

from tests.contracts.openapi.documents import FOLDER, RECORDED, SERVICES, document, recorded, written
from tests.contracts.openapi.overview import PAGE, overview
from tests.contracts.openapi.record import everywhere, recording
from tests.contracts.openapi.tour import START
from tests.support.road import Road
from tests.support.templates import Templates, synthesise


def main() -> None:
    """Write them all."""
    with Road(Templates(synthesise()), START) as road:
        visits = everywhere(road)
    found = recording(visits, recorded() if RECORDED.exists() else {})
    RECORDED.write_text(written(found))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for service in SERVICES:
        (FOLDER / f"{service}.json").write_text(written(document(service, found[service])))
    PAGE.write_text(overview())


if __name__ == "__main__":
    main()
