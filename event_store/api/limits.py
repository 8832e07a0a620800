"""How many commands a tenant and a caller may send: a token bucket each, in memory, by the clock that is handed in."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable

from msgspec import Struct

from event_store.api.identity import Bearer
from mymedic.clock import Clock, micros
from mymedic.errors import Refused

# A bucket that nobody has asked for in the longest time is forgotten first; by then it is full again.
MOST_BUCKETS = 20_000


class Rate(Struct, frozen=True):
    """So many commands a second in the long run, and at most `burst` at once."""

    per_second: float
    burst: int


class Buckets:
    """One bucket per key, each full at first. Used on one event loop, so nothing here is locked."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._left: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def wait(self, key: Hashable, count: int) -> float:
        """Take `count` out and answer 0; or take nothing and answer the seconds until there would be enough."""
        count = min(count, self._rate.burst)  # more than fits would wait for ever
        now = micros(self._clock.now())
        left, then = self._left.pop(key, (float(self._rate.burst), now))
        left = min(self._rate.burst, left + max(0, now - then) / 1e6 * self._rate.per_second)
        is_enough = left >= count
        self._left[key] = (left - count if is_enough else left, now)
        if len(self._left) > MOST_BUCKETS:
            self._left.popitem(last=False)
        return 0.0 if is_enough else (count - left) / self._rate.per_second


class RateLimits:
    """One rate for all that a tenant's callers send together, and one for each caller."""

    def __init__(self, tenant: Rate, caller: Rate, clock: Clock) -> None:
        self._tenants = Buckets(tenant, clock)
        self._callers = Buckets(caller, clock)

    def charge(self, bearer: Bearer, count: int = 1) -> None:
        """RATE_LIMITED, with the seconds to wait, when either has no more to give."""
        who = (bearer.tenant_id, bearer.actor.type, bearer.actor.id)
        for buckets, key, whose in ((self._callers, who, "caller"), (self._tenants, bearer.tenant_id, "tenant")):
            seconds = buckets.wait(key, count)
            if seconds > 0:
                raise Refused(
                    "RATE_LIMITED", f"too many commands of this {whose}", retry_after_s=max(1, math.ceil(seconds))
                )
