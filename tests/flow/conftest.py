"""The templates, synthesised once for all flow tests."""

from __future__ import annotations

import pytest

from tests.support.templates import Templates, synthesise


@pytest.fixture(scope="session")
def templates() -> Templates:
    return Templates(synthesise())
