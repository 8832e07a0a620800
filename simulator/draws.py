"""Chance, made repeatable: one stream of numbers per entity and purpose, read only through tables."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")


class Table:
    """Values with weights, picked by the inverse of their cumulated weights."""

    def __init__(self, rows: Iterable[tuple[Any, float]]) -> None:
        kept = [(value, weight) for value, weight in rows if weight > 0]
        if not kept:
            raise ValueError("a table needs a value with a weight")
        self.rows: Sequence[tuple[Any, float]] = kept
        self._edges = list(accumulate(weight for _, weight in kept))

    def at(self, unit: float) -> Any:
        """The value at a point of [0, 1)."""
        index = bisect_right(self._edges, unit * self._edges[-1])
        return self.rows[min(index, len(self.rows) - 1)][0]


class Dice:
    """The numbers of one entity for one purpose."""

    __slots__ = ("_random",)

    def __init__(self, name: str) -> None:
        self._random = Random(name).random

    def chance(self, probability: float) -> bool:
        return self._random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, table: Table) -> Any:
        return table.at(self._random())

    def within(self, table: Table) -> int:
        """A whole number within the range that a table of [low, high] ranges gives."""
        low, high = table.at(self._random())
        return self.between(low, high)

    def one_of(self, values: Sequence[T]) -> T:
        return values[int(self._random() * len(values))]

    def rounded(self, expected: float) -> int:
        """The whole number below or above, so that many of them average to `expected`."""
        return int(expected + self._random())


class Draws:
    """The seed of a run. A draw more for one entity never moves another's."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def of(self, stream: str, *entity: Any) -> Dice:
        return Dice(f"{self.seed}:{stream}:{'/'.join(map(str, entity))}")
