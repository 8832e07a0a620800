"""A founded chain whose reactions read the feed, as a server's do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chain import Chain, opened
from tests.founding import founded


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """Monday 2026-11-02, 10:00 in India; the founding was on Sunday."""
    with opened(tmp_path) as (ledger, vault):
        yield founded(Chain(ledger, vault)).at(2, "10:00")
