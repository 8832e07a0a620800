"""Waiting, for a bounded time, until a view has what a client has just done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from projections.api.views import Views, not_yet
from projections.projection import Projection

# How often a view is asked while somebody waits for it: at first, and in the end.
FIRST, LAST = 0.005, 0.1

_Key = tuple[str, str]


class Horizons:
    """How far the views have come. However many wait for one, it is asked once at a time. For one event loop."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._asking: dict[_Key, asyncio.Task[int]] = {}

    async def require(self, tenant_id: str, projections: Sequence[Projection], seq: int | None, seconds: float) -> None:
        """Return once the views have a seq; NOT_YET_VISIBLE, with the seq that one has, when the time is over."""
        if seq is None:
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        for projection in projections:
            if (reached := await self.wait(tenant_id, projection, seq, until - loop.time())) < seq:
                raise not_yet(projection, seq, reached)

    async def wait(self, tenant_id: str, projection: Projection, seq: int, seconds: float) -> int:
        """The seq that the view has: at least this one, unless the time is over before."""
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + seconds, FIRST
        while True:
            reached = await self._seq(tenant_id, projection)
            left = until - loop.time()
            if reached >= seq or left <= 0:
                return reached
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 1.5, LAST)

    async def _seq(self, tenant_id: str, projection: Projection) -> int:
        key = (tenant_id, projection.name)
        asking = self._asking.get(key)
        if asking is None:
            asking = asyncio.create_task(asyncio.to_thread(self._views.seq, tenant_id, projection))
            self._asking[key] = asking
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(asking)
