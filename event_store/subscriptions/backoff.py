"""When to try again: later each time, never all at the same moment."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

from mymedic.clock import Clock

Jitter = Callable[[], float]  # 0 to 1
dice: Jitter = random.random


class BackOff:
    """Per key. Waits `first` seconds after the first failure, twice as long after each further one, up to `longest`;
    of each time between a half and the whole, as the jitter says.
    """

    def __init__(self, clock: Clock, jitter: Jitter, first: float = 0.2, longest: float = 30.0) -> None:
        self._clock = clock
        self._jitter = jitter
        self._first = first
        self._longest = longest
        self._failed: dict[Hashable, tuple[int, datetime]] = {}

    def failed(self, key: Hashable, at_least: float = 0.0) -> datetime:
        """Note a failure; when to try again. `at_least`: seconds that the other side has asked for."""
        count = self._failed[key][0] + 1 if key in self._failed else 1
        seconds = self.seconds(count)
        at = self._clock.now() + timedelta(seconds=max(seconds, at_least))
        self._failed[key] = (count, at)
        return at

    def seconds(self, count: int) -> float:
        """How long to wait after the how manyeth failure in a row."""
        whole = min(self._longest, self._first * 2.0 ** min(count - 1, 60))
        return whole * (0.5 + self._jitter() / 2)

    def succeeded(self, key: Hashable) -> None:
        self._failed.pop(key, None)

    def is_due(self, key: Hashable) -> bool:
        """Whether it may be tried now."""
        return key not in self._failed or self._failed[key][1] <= self._clock.now()

    def next_due(self) -> datetime | None:
        """When the first of those that wait may be tried."""
        return min((at for _, at in self._failed.values()), default=None)
