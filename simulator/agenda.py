"""What is to happen and when: one queue for the whole make-believe world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from heapq import heappop, heappush

Action = Callable[[], None]


class Agenda:
    """Actions in the order of their time, then of their key.

    The key, not the order of planning, settles equal instants: an action more (a fault) never swaps two others.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str, Action]] = []

    def plan(self, at: datetime, key: str, action: Action) -> None:
        heappush(self._heap, (at, key, action))

    def until(self, end: datetime) -> Iterator[tuple[datetime, Action]]:
        """Take out everything before `end`, including what is planned meanwhile."""
        while self._heap and self._heap[0][0] < end:
            at, _, action = heappop(self._heap)
            yield at, action

    def __len__(self) -> int:
        return len(self._heap)
