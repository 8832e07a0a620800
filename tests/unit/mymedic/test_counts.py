"""One is one, and many are grouped."""

from __future__ import annotations

import pytest

from mymedic.counts import counted


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (0, ("row",), "0 rows"),
        (1, ("row",), "1 row"),
        (12_345, ("row",), "12,345 rows"),
        (1, ("event is", "events are"), "1 event is"),
        (2, ("event is", "events are"), "2 events are"),
    ],
)
def test_a_count_agrees_with_its_word(count: int, words: tuple[str, ...], said: str) -> None:
    assert counted(count, *words) == said
